using Dapper;
using TranscriptionApi.Metrics;
using TranscriptionApi.Transcriptions;

namespace TranscriptionApi.Jobs.Store;

/// <summary>Which jobs of an owner are listed.</summary>
/// <param name="Limit">At most so many.</param>
/// <param name="NewestFirst">Order of acceptance.</param>
/// <param name="After">Only what comes after this number of acceptance, in that order.</param>
/// <param name="State">Only those in this state.</param>
/// <param name="Batch">Only those of one batch.</param>
/// <param name="Model">Only those for one model.</param>
readonly record struct JobFilter(int Limit, bool NewestFirst, long? After, JobState? State, string? Batch, string? Model);

/// <summary>What is done before a queued job.</summary>
/// <param name="Jobs">Queued jobs that are taken earlier.</param>
/// <param name="QueuedMs">Their audio.</param>
/// <param name="RunningMs">Audio left of running jobs.</param>
sealed record JobsAhead(long Jobs, long QueuedMs, long RunningMs);

/// <summary>How much waits or runs in one lane.</summary>
sealed record QueueFigure
{
    /// <summary>interactive or batch.</summary>
    public required string Lane { get; init; }

    /// <summary>queued or running.</summary>
    public required string State { get; init; }

    public long Jobs { get; init; }

    /// <summary>Length of their audio.</summary>
    public long AudioMs { get; init; }

    /// <summary>Age of the oldest.</summary>
    public long OldestMs { get; init; }
}

sealed partial class JobStore
{
    /// <summary>One job, seen by its owner; null also when it is somebody else's.</summary>
    public Task<Job?> FindAsync(string owner, string id, CancellationToken cancellation) =>
        database.ReadAsync(connection => connection.QueryFirstOrDefaultAsync<Job>(_sql.Find, new { owner, id }), cancellation);

    /// <summary>One job, whosever it is: for the server's own work.</summary>
    public Task<Job?> FindAsync(string id, CancellationToken cancellation) =>
        database.ReadAsync(connection => connection.QueryFirstOrDefaultAsync<Job>(_sql.Find, new { owner = (string?)null, id }), cancellation);

    /// <summary>The jobs of an owner, in order of acceptance.</summary>
    public Task<List<Job>> ListAsync(string owner, JobFilter filter, CancellationToken cancellation) => database.ReadAsync(
        async connection => (await connection.QueryAsync<Job>(
            JobSql.List(filter),
            new { owner, state = filter.State?.Name(), batch = filter.Batch, model = filter.Model, after = filter.After, limit = filter.Limit })).AsList(),
        cancellation);

    /// <summary>The stored transcript as <see cref="Transcriptions.Transcript"/> in JSON; null when there is none (any more).</summary>
    public Task<byte[]?> TranscriptAsync(string id, CancellationToken cancellation) =>
        database.ReadAsync(connection => connection.QueryFirstOrDefaultAsync<byte[]>(_sql.Transcript, new { id }), cancellation);

    /// <summary>The stored transcript; null when there is none (any more).</summary>
    public async Task<Transcript?> ReadTranscriptAsync(string id, CancellationToken cancellation) =>
        await TranscriptAsync(id, cancellation) is { } body ? JobJson.Read(body, JobJson.Kept.Transcript) : null;

    /// <summary>The windows saved so far from one on, in order; <paramref name="first"/> counts from 0.</summary>
    public Task<List<SavedWindow>> WindowsAsync(string id, int first, CancellationToken cancellation) => database.ReadAsync(
        async connection => (await connection.QueryAsync<byte[]>(_sql.WindowsFrom, new { id, first })).Select(body => JobJson.Read(body, JobJson.Kept.SavedWindow)).ToList(), cancellation);

    /// <summary>What is done before a queued job.</summary>
    public Task<JobsAhead> AheadAsync(Job job, CancellationToken cancellation) => database.ReadAsync(
        async connection =>
        {
            var now = await connection.ExecuteScalarAsync<long>(_sql.Now);
            var rank = job.Lane == Lane.Interactive || job.CreatedAt < now - AgeingMs ? 0 : 1;
            return await connection.QueryFirstAsync<JobsAhead>(_sql.Ahead, new { seq = job.Seq, rank, ageingMs = AgeingMs });
        },
        cancellation);

    /// <summary>What waits and what runs, by lane.</summary>
    public Task<List<QueueFigure>> FiguresAsync(CancellationToken cancellation) =>
        database.ReadAsync(async connection => (await connection.QueryAsync<QueueFigure>(_sql.Figures)).AsList(), cancellation);

    /// <summary>The same for the gauges: every lane, those with nothing in them too.</summary>
    public async Task<IReadOnlyList<LaneFigures>> LanesAsync(CancellationToken cancellation)
    {
        var figures = (await FiguresAsync(cancellation)).ToDictionary(figure => (figure.Lane, figure.State));
        return [.. Enum.GetValues<Lane>().Select(lane => lane.Name()).Select(lane =>
        {
            var queued = figures.GetValueOrDefault((lane, JobState.Queued.Name()));
            var running = figures.GetValueOrDefault((lane, JobState.Running.Name()));
            return new LaneFigures(
                lane, queued?.Jobs ?? 0, running?.Jobs ?? 0, TimeSpan.FromMilliseconds(queued?.AudioMs ?? 0), TimeSpan.FromMilliseconds(queued?.OldestMs ?? 0));
        })];
    }

    /// <summary>The database's clock, in milliseconds since 1970.</summary>
    public Task<long> NowAsync(CancellationToken cancellation) =>
        database.ReadAsync(connection => connection.ExecuteScalarAsync<long>(_sql.Now), cancellation);
}
