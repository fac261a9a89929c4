using System.Collections.Frozen;

namespace TranscriptionApi.Jobs;

/// <summary>Where a job stands. A job that waits for another attempt is queued with a time before which it is not taken.</summary>
enum JobState
{
    Queued,
    Running,
    Completed,
    Failed,
    Cancelled,
    Expired,
}

/// <summary>What moves a job from one state to another.</summary>
enum JobEvent
{
    /// <summary>A worker takes it under a lease.</summary>
    Claim,

    /// <summary>The transcript is stored.</summary>
    Finish,

    /// <summary>It cannot be done: bad audio, a fault that stayed after all attempts.</summary>
    Fail,

    /// <summary>A fault that may pass; it waits and is tried again.</summary>
    Retry,

    /// <summary>Its worker stops in an orderly way; the attempt does not count.</summary>
    HandBack,

    /// <summary>Its worker is dead: the lease ran out, or the worker's lock is free.</summary>
    Reclaim,

    /// <summary>Its workers died too often.</summary>
    Poison,

    /// <summary>Its owner does not want it any more.</summary>
    Cancel,

    /// <summary>Nobody waits for its answer any more.</summary>
    Abandon,

    /// <summary>It waited too long to be taken.</summary>
    Expire,
}

/// <summary>One row of the state machine.</summary>
sealed record JobTransition(JobState From, JobEvent Event, JobState To);

/// <summary>
/// The state machine as one table. The statements of the store take their WHERE and SET from it, README prints it, and the tests walk it;
/// a move that is not listed changes no row, whatever was read before.
/// </summary>
static class JobStates
{
    public static IReadOnlyList<JobTransition> Transitions { get; } =
    [
        new(JobState.Queued, JobEvent.Claim, JobState.Running),
        new(JobState.Running, JobEvent.Finish, JobState.Completed),
        new(JobState.Running, JobEvent.Fail, JobState.Failed),
        new(JobState.Running, JobEvent.Retry, JobState.Queued),
        new(JobState.Running, JobEvent.HandBack, JobState.Queued),
        new(JobState.Running, JobEvent.Reclaim, JobState.Queued),
        new(JobState.Running, JobEvent.Poison, JobState.Failed),
        new(JobState.Queued, JobEvent.Cancel, JobState.Cancelled),
        new(JobState.Running, JobEvent.Cancel, JobState.Cancelled),
        new(JobState.Queued, JobEvent.Abandon, JobState.Cancelled),
        new(JobState.Running, JobEvent.Abandon, JobState.Cancelled),
        new(JobState.Queued, JobEvent.Expire, JobState.Expired),
    ];

    static readonly FrozenDictionary<JobEvent, JobState> Targets =
        Transitions.DistinctBy(row => row.Event).ToFrozenDictionary(row => row.Event, row => row.To);

    /// <summary>No event leads out of it.</summary>
    public static bool IsEnd(this JobState state) => !Transitions.Any(row => row.From == state);

    /// <summary>The state as it is stored and shown in metrics.</summary>
    public static string Name(this JobState state) => state switch
    {
        JobState.Queued => "queued",
        JobState.Running => "running",
        JobState.Completed => "completed",
        JobState.Failed => "failed",
        JobState.Cancelled => "cancelled",
        JobState.Expired => "expired",
        _ => throw new ArgumentOutOfRangeException(nameof(state)),
    };

    /// <summary>The state of a stored name.</summary>
    public static JobState Parse(string name) => Enum.GetValues<JobState>().First(state => state.Name() == name);

    /// <summary>The lane as it is stored and shown in metrics.</summary>
    public static string Name(this Lane lane) => lane == Lane.Interactive ? "interactive" : "batch";

    /// <summary>Where an event leads, as it is stored.</summary>
    public static string To(JobEvent happened) => Targets[happened].Name();

    /// <summary>States an event is possible in, as they are stored.</summary>
    public static IEnumerable<string> From(JobEvent happened) => Transitions.Where(row => row.Event == happened).Select(row => row.From.Name());
}
