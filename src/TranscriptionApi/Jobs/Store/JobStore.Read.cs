using Dapper;

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

/// <summary>How much waits and runs.</summary>
/// <param name="Lane">interactive or batch.</param>
/// <param name="State">queued or running.</param>
/// <param name="Jobs">How many.</param>
/// <param name="AudioMs">Their audio.</param>
/// <param name="OldestMs">Age of the oldest.</param>
sealed record QueueFigure(string Lane, string State, long Jobs, long AudioMs, long OldestMs);

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
            JobSql.List(filter.NewestFirst),
            new { owner, state = filter.State?.Name(), batch = filter.Batch, model = filter.Model, after = filter.After, limit = filter.Limit })).AsList(),
        cancellation);

    /// <summary>The stored transcript as <see cref="Transcriptions.Transcript"/> in JSON; null when there is none (any more).</summary>
    public Task<byte[]?> TranscriptAsync(string id, CancellationToken cancellation) =>
        database.ReadAsync(connection => connection.QueryFirstOrDefaultAsync<byte[]>(_sql.Transcript, new { id }), cancellation);

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

    /// <summary>The database's clock, in milliseconds since 1970.</summary>
    public Task<long> NowAsync(CancellationToken cancellation) =>
        database.ReadAsync(connection => connection.ExecuteScalarAsync<long>(_sql.Now), cancellation);
}
