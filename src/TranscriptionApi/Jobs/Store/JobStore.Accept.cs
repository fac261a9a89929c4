namespace TranscriptionApi.Jobs.Store;

/// <summary>What may be accepted, and what may be joined instead.</summary>
/// <param name="MaxQueued">Jobs that may wait in all.</param>
/// <param name="MaxInteractive">Jobs that may wait with somebody on the line.</param>
/// <param name="Join">Joins a job with the same work that is not over, or ended so long ago; null never joins.</param>
readonly record struct AcceptRules(int MaxQueued, int MaxInteractive, TimeSpan? Join);

/// <summary>What became of a request for jobs.</summary>
enum Acceptance
{
    /// <summary>New jobs are stored.</summary>
    Accepted,

    /// <summary>A job that was there already does the work.</summary>
    Joined,

    /// <summary>The idempotency key stands for another request.</summary>
    KeyReused,

    /// <summary>Too many jobs wait.</summary>
    Full,
}

/// <summary>The answer, with the jobs when there are any.</summary>
sealed record Accepted(Acceptance Outcome, IReadOnlyList<Job> Jobs);

sealed partial class JobStore
{
    /// <summary>
    /// Stores jobs, all or none; their audio must be on the disk. A single job may turn out to be there already, by its idempotency key
    /// or by its work.
    /// </summary>
    public Task<Accepted> AcceptAsync(IReadOnlyList<NewJob> jobs, AcceptRules rules, CancellationToken cancellation) => WriteAsync(
        async writing =>
        {
            if (database.Dialect.LockOwner is { } lockOwner)
            {
                // Otherwise two calls at once would both find nothing to join.
                await writing.ExecuteAsync(lockOwner, new { owner = jobs[0].Owner });
            }

            if (jobs is [var only] && await FindTwinAsync(writing, only, rules) is { } twin)
            {
                return twin;
            }

            if (await IsFullAsync(writing, jobs, rules))
            {
                return new Accepted(Acceptance.Full, []);
            }

            var accepted = new List<Job>();
            foreach (var job in jobs)
            {
                accepted.Add((await writing.FindAsync<Job>(_sql.Insert, Parameters(job)))!);
                writing.Hints.Add(new JobHint(job.Id, IsQueued: true, HasWebhook: false));
            }

            return new Accepted(Acceptance.Accepted, accepted);
        },
        cancellation);

    async Task<Accepted?> FindTwinAsync(Writing writing, NewJob job, AcceptRules rules)
    {
        if (job.IdempotencyKey is { } key && await writing.FindAsync<Job>(_sql.ByIdempotencyKey, new { owner = job.Owner, key }) is { } named)
        {
            return named.RequestHash == job.RequestHash ? await JoinAsync(named) : new Accepted(Acceptance.KeyReused, []);
        }

        // Whoever names requests wants two of them for two names. A job in the background is joined only by its own repetition:
        // it has an owner who may delete it.
        var hasTwin = job.IdempotencyKey is null && rules.Join is not null;
        var twin = hasTwin
            ? await writing.FindAsync<Job>(
                _sql.Joinable,
                new { owner = job.Owner, fingerprint = job.Fingerprint, requestHash = job.Background ? job.RequestHash : null, joinMs = Ms(rules.Join!.Value) })
            : null;
        return twin is null ? null : await JoinAsync(twin);

        async Task<Accepted> JoinAsync(Job joined)
        {
            if (job.WantedFor is { } wanted)
            {
                await writing.ExecuteAsync(_sql.KeepWanted, new { id = joined.Id, ms = Ms(wanted) });
            }

            return new Accepted(Acceptance.Joined, [joined]);
        }
    }

    async Task<bool> IsFullAsync(Writing writing, IReadOnlyList<NewJob> jobs, AcceptRules rules)
    {
        var interactive = Name(Lane.Interactive);
        var waiting = await writing.FindAsync<long>(_sql.CountQueued, new { lane = (string?)null });
        return waiting + jobs.Count > rules.MaxQueued
            || (jobs[0].Lane == Lane.Interactive && await writing.FindAsync<long>(_sql.CountQueued, new { lane = interactive }) >= rules.MaxInteractive);
    }

    static object Parameters(NewJob job) => new
    {
        job.Id,
        job.Owner,
        Lane = Name(job.Lane),
        job.Request.Model,
        Request = JobJson.Write(job.Request, JobJson.Kept.JobRequest),
        job.Fingerprint,
        job.RequestHash,
        job.IdempotencyKey,
        job.Batch,
        Background = job.Background ? 1 : 0,
        job.Metadata,
        job.WebhookUrl,
        job.AudioPath,
        job.AudioBytes,
        job.AudioMs,
        job.AudioFormat,
        job.Trace,
        WantedFor = job.WantedFor is { } wanted ? Ms(wanted) : (long?)null,
    };

    internal static string Name(Lane lane) => lane == Lane.Interactive ? "interactive" : "batch";
}
