using TranscriptionApi.Metrics;

namespace TranscriptionApi.Jobs.Store;

/// <summary>What may be accepted, and what may be joined instead.</summary>
/// <param name="MaxQueued">Jobs that may wait in all.</param>
/// <param name="MaxInteractive">Jobs that may wait with somebody on the line, besides those for which a place is free.</param>
/// <param name="Join">Joins a job with the same work that is not over, or ended so long ago; null never joins.</param>
/// <param name="Places">Jobs that are worked on at the same time.</param>
readonly record struct AcceptRules(int MaxQueued, int MaxInteractive, TimeSpan? Join, int Places = 0);

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
    /// <param name="jobs">The jobs, of one owner.</param>
    /// <param name="rules">What may be accepted.</param>
    /// <param name="discard">
    /// Called when certainly none of them is stored: they are not needed, were refused, or something failed before the commit. After a failure
    /// of the commit itself nobody knows.
    /// </param>
    /// <param name="cancellation">The caller gives up.</param>
    public async Task<Accepted> AcceptAsync(IReadOnlyList<NewJob> jobs, AcceptRules rules, Action discard, CancellationToken cancellation)
    {
        var isWritten = false;
        try
        {
            var accepted = await WriteAsync(
                async writing =>
                {
                    var written = await AcceptAsync(writing, jobs, rules);
                    Count(writing, written);
                    isWritten = written.Outcome == Acceptance.Accepted;
                    return written;
                },
                cancellation);
            if (!isWritten)
            {
                discard();
            }

            return accepted;
        }
        catch when (!isWritten)
        {
            discard();
            throw;
        }
    }

    /// <inheritdoc cref="AcceptAsync(IReadOnlyList{NewJob}, AcceptRules, Action, CancellationToken)"/>
    public Task<Accepted> AcceptAsync(IReadOnlyList<NewJob> jobs, AcceptRules rules, CancellationToken cancellation) => AcceptAsync(jobs, rules, () => { }, cancellation);

    static void Count(Writing writing, Accepted accepted)
    {
        if (accepted.Outcome == Acceptance.Joined)
        {
            writing.Counts.Add(metrics => metrics.Joined());
        }

        writing.Counts.AddRange(accepted.Outcome == Acceptance.Accepted ? accepted.Jobs.Select(Count) : []);
    }

    static Action<JobMetrics> Count(Job accepted) => metrics => metrics.Accepted(accepted.Lane.Name());

    async Task<Accepted> AcceptAsync(Writing writing, IReadOnlyList<NewJob> jobs, AcceptRules rules)
    {
        if (database.Dialect.LockOwner is { } lockOwner)
        {
            // Otherwise two calls at once would both find nothing to join.
            await writing.ExecuteAsync(lockOwner, new { owner = jobs[0].Owner });
        }

        if (await FindNamedAsync(writing, jobs[0]) is { } named)
        {
            return named;
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
            accepted.Add((await writing.FindAsync<Job>(_sql.Insert, Parameters(job, accepted.Count == 0 ? job.IdempotencyKey : null)))!);
            writing.Hints.Add(new JobHint(job.Id, IsQueued: true, HasWebhook: false));
        }

        return new Accepted(Acceptance.Accepted, accepted);
    }

    async Task<Accepted?> FindNamedAsync(Writing writing, NewJob job)
    {
        if (job.IdempotencyKey is not { } key || await writing.FindAsync<Job>(_sql.ByIdempotencyKey, new { owner = job.Owner, key }) is not { } named)
        {
            return null;
        }

        if (named.RequestHash != job.RequestHash)
        {
            return new Accepted(Acceptance.KeyReused, []);
        }

        return named.Batch is null ? await JoinAsync(writing, job, named) : await JoinBatchAsync(writing, job.Owner, named.Batch);
    }

    async Task<Accepted?> FindTwinAsync(Writing writing, NewJob job, AcceptRules rules)
    {
        // Whoever names requests wants two of them for two names. A job in the background is joined only by its own repetition:
        // it has an owner who may delete it.
        if (job.IdempotencyKey is not null || rules.Join is not { } join)
        {
            return null;
        }

        var twin = await writing.FindAsync<Job>(
            _sql.Joinable, new { owner = job.Owner, fingerprint = job.Fingerprint, requestHash = job.Background ? job.RequestHash : null, joinMs = Ms(join) });

        // Only the repetition of a batch is for all its jobs; one file that was in a batch too is for its own.
        return twin is null ? null
            : job.Batch is not null && twin.Batch is { } batch ? await JoinBatchAsync(writing, job.Owner, batch)
            : await JoinAsync(writing, job, twin);
    }

    static async Task<Accepted> JoinBatchAsync(Writing writing, string owner, string batch)
    {
        var filter = new JobFilter(int.MaxValue, NewestFirst: false, After: null, State: null, batch, Model: null);
        return new Accepted(Acceptance.Joined, await writing.ListAsync<Job>(JobSql.List(filter), new { owner, batch, limit = filter.Limit }));
    }

    async Task<Accepted> JoinAsync(Writing writing, NewJob job, Job joined)
    {
        if (job.WantedFor is { } wanted)
        {
            await writing.ExecuteAsync(_sql.KeepWanted, new { id = joined.Id, ms = Ms(wanted) });
        }

        if (job.Lane == Lane.Interactive && await writing.ExecuteAsync(_sql.Hurry, new { id = joined.Id }) == 1)
        {
            writing.Hints.Add(new JobHint(joined.Id, IsQueued: true, HasWebhook: false));
        }

        return new Accepted(Acceptance.Joined, [(await writing.FindAsync<Job>(_sql.Find, new { owner = job.Owner, id = joined.Id }))!]);
    }

    async Task<bool> IsFullAsync(Writing writing, IReadOnlyList<NewJob> jobs, AcceptRules rules)
    {
        var waiting = await writing.FindAsync<long>(_sql.CountQueued, new { lane = (string?)null });
        if (waiting + jobs.Count > rules.MaxQueued)
        {
            return true;
        }

        // A job for which a place is free waits for a moment only. What is counted here has ended when its answer is there.
        var tooMany = jobs[0].Lane == Lane.Interactive
            ? await writing.FindAsync<long>(_sql.CountQueued, new { lane = Lane.Interactive.Name() }) + jobs.Count - rules.MaxInteractive
            : 0;
        return tooMany > 0 && tooMany > rules.Places - await writing.FindAsync<long>(_sql.CountRunning);
    }

    static object Parameters(NewJob job, string? idempotencyKey) => new
    {
        job.Id,
        job.Owner,
        Lane = job.Lane.Name(),
        job.Request.Model,
        Request = JobJson.Write(job.Request, JobJson.Kept.JobRequest),
        job.Fingerprint,
        job.RequestHash,
        IdempotencyKey = idempotencyKey,
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
}
