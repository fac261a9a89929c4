namespace TranscriptionApi.Jobs.Store;

/// <summary>What may be accepted, and what may be joined instead.</summary>
/// <param name="MaxQueued">Jobs that may wait in all.</param>
/// <param name="MaxInteractive">Jobs that may wait with somebody on the line; those do not count for which a place is free.</param>
/// <param name="Places">Jobs that are worked on at the same time.</param>
/// <param name="Join">Joins a job with the same work that is not over, or ended so long ago; null never joins.</param>
readonly record struct AcceptRules(int MaxQueued, int MaxInteractive, int Places, TimeSpan? Join);

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
    /// Stores jobs, all or none; their audio must be on the disk. They may turn out to be there already, by the idempotency key or by
    /// their work; the jobs of a batch share the hash of its request, and the first one carries the key.
    /// </summary>
    public Task<Accepted> AcceptAsync(IReadOnlyList<NewJob> jobs, AcceptRules rules, CancellationToken cancellation) => WriteAsync(
        async writing =>
        {
            if (database.Dialect.LockOwner is { } lockOwner)
            {
                // Otherwise two calls at once would both find nothing to join.
                await writing.ExecuteAsync(lockOwner, new { owner = jobs[0].Owner });
            }

            if (await FindTwinAsync(writing, jobs[0], rules) is { } twin)
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

            // Only the repetition of a batch is for all its jobs; one file that was in a batch too is for its own.
            return job.Batch is null || joined.Batch is null
                ? new Accepted(Acceptance.Joined, [joined])
                : new Accepted(Acceptance.Joined, await writing.ListAsync<Job>(_sql.OfBatch, new { owner = job.Owner, batch = joined.Batch }));
        }
    }

    async Task<bool> IsFullAsync(Writing writing, IReadOnlyList<NewJob> jobs, AcceptRules rules)
    {
        var interactive = Name(Lane.Interactive);
        var waiting = await writing.FindAsync<long>(_sql.CountQueued, new { lane = (string?)null });
        if (waiting + jobs.Count > rules.MaxQueued)
        {
            return true;
        }

        var before = jobs[0].Lane == Lane.Interactive ? await writing.FindAsync<long>(_sql.CountQueued, new { lane = interactive }) - rules.MaxInteractive : -1;
        return before >= 0 && before >= rules.Places - await writing.FindAsync<long>(_sql.CountRunning);
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
