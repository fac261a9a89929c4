using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace TranscriptionApi.Jobs;

/// <summary>How jobs are kept, shared out and forgotten.</summary>
/// <remarks>To add a setting: a property with its default and unit here, a rule attribute, a row in README's table.</remarks>
sealed class JobOptions
{
    public const string Section = "Jobs";

    /// <summary>Connection string of a PostgreSQL database that several servers share; without one, SQLite in the data folder.</summary>
    public string? PostgreSql { get; init; }

    /// <summary>Folder for the audio of waiting jobs; servers that share a database must share it. Without one, "audio" in the data folder.</summary>
    public string? AudioFolder { get; init; }

    /// <summary>This server transcribes; false leaves the work to "worker" processes.</summary>
    public bool WorkHere { get; init; } = true;

    /// <summary>How long a worker may be silent before its job is given to another.</summary>
    [Range(2, 600)]
    public int LeaseSeconds { get; init; } = 30;

    /// <summary>Attempts at a job that fails for reasons that may pass.</summary>
    [Range(1, 20)]
    public int MaxAttempts { get; init; } = 3;

    /// <summary>Deaths of workers over one job, without the job coming forward in between, after which it is given up.</summary>
    [Range(1, 100)]
    public int MaxCrashes { get; init; } = 3;

    /// <summary>Jobs that may wait; the next is answered 503 with Retry-After.</summary>
    [Range(1, 1_000_000)]
    public int MaxQueued { get; init; } = 1000;

    /// <summary>Files in one call.</summary>
    [Range(1, 1000)]
    public int MaxBatchFiles { get; init; } = 100;

    /// <summary>The same audio with the same options joins a job of the same key that is waiting, running, or ended so long ago; 0 never joins.</summary>
    [Range(0, 24 * 60)]
    public int JoinMinutes { get; init; } = 15;

    /// <summary>How long a job goes on whose caller hung up: time to come back with a retry.</summary>
    [Range(0, 24 * 3600)]
    public int AbandonSeconds { get; init; } = 300;

    /// <summary>A job that was not begun after this long expires.</summary>
    [Range(1, 24 * 30)]
    public int MaxQueuedHours { get; init; } = 24;

    /// <summary>Transcripts and ended jobs are erased after this long; 0 leaves a few minutes to fetch them.</summary>
    [Range(0, 24 * 365)]
    public int KeepHours { get; init; } = 24;

    /// <summary>How long running jobs may go on after the server was told to stop, before they are handed back.</summary>
    [Range(0, 3600)]
    public int DrainSeconds { get; init; } = 25;

    public TimeSpan Lease() => TimeSpan.FromSeconds(LeaseSeconds);

    /// <summary>Six chances to renew a lease before it runs out.</summary>
    public TimeSpan Heartbeat() => Lease() / 6;

    /// <summary>A worker that could not renew for so long gives the job up, well before anybody else may take it.</summary>
    public TimeSpan SelfFence() => Lease() * 2 / 3;

    public TimeSpan Join() => TimeSpan.FromMinutes(JoinMinutes);

    public TimeSpan Abandon() => TimeSpan.FromSeconds(AbandonSeconds);

    public TimeSpan MaxQueuedTime() => TimeSpan.FromHours(MaxQueuedHours);

    // Whoever waits for a job must find it when it has ended.
    public TimeSpan Keep() => KeepHours > 0 ? TimeSpan.FromHours(KeepHours) : TimeSpan.FromMinutes(5);
}

[OptionsValidator]
sealed partial class JobOptionsValidator : IValidateOptions<JobOptions>;
