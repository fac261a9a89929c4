using Dapper;

namespace TranscriptionApi.Jobs.Store;

/// <summary>What became of jobs whose workers died.</summary>
/// <param name="Requeued">Wait for another worker.</param>
/// <param name="Poisoned">Given up.</param>
readonly record struct Reclaimed(int Requeued, int Poisoned);

/// <summary>A file that is no longer needed.</summary>
sealed record SpentAudio(string Id, string Path);

sealed partial class JobStore
{
    /// <summary>How long a job waits after a second worker died over it: without this, a row of such jobs would keep every worker from all others.</summary>
    public static readonly TimeSpan SuspectPause = TimeSpan.FromSeconds(30);

    /// <summary>Cancels a job that waits or runs. From here on nothing its worker does is stored. False: it had ended, or is not the owner's.</summary>
    public Task<bool> CancelAsync(string owner, string id, CancellationToken cancellation) => WriteAsync(
        async writing =>
        {
            if (await writing.FindAsync<string>(_sql.Cancel, new { id, owner, keepMs = KeepMs }) is not { } lane)
            {
                return false;
            }

            await EndAsync(writing, id, lane, JobState.Cancelled);
            return true;
        },
        cancellation);

    /// <summary>Somebody still waits for the job: it is not given up for so long.</summary>
    public Task KeepWantedAsync(string id, TimeSpan time, CancellationToken cancellation) =>
        WriteAsync(writing => writing.ExecuteAsync(_sql.KeepWanted, new { id, ms = Ms(time) }), cancellation);

    /// <summary>Cancels the jobs nobody waits for any more; how many.</summary>
    public Task<int> AbandonAsync(CancellationToken cancellation) => EndAllAsync(_sql.Abandon, new { keepMs = KeepMs }, JobState.Cancelled, cancellation);

    /// <summary>Ends the jobs that waited too long; how many.</summary>
    public Task<int> ExpireAsync(TimeSpan longest, CancellationToken cancellation) =>
        EndAllAsync(_sql.Expire, new { keepMs = KeepMs, queuedMs = Ms(longest) }, JobState.Expired, cancellation);

    /// <summary>Takes jobs from dead workers: those whose lease ran out, and those of a worker that is known to be dead.</summary>
    /// <param name="deadWorker">Its name; null takes only what ran out.</param>
    /// <param name="maxCrashes">A job with so many dead workers is given up.</param>
    /// <param name="poison">What its owner is told then.</param>
    /// <param name="cancellation">The server stops.</param>
    public Task<Reclaimed> ReclaimAsync(string? deadWorker, int maxCrashes, JobError poison, CancellationToken cancellation) => WriteAsync(
        async writing =>
        {
            int requeued = 0, poisoned = 0;
            foreach (var job in await writing.ListAsync<Job>(_sql.Orphans, new { worker = deadWorker }))
            {
                if (job.Crashes + 1 < maxCrashes)
                {
                    requeued += await ReclaimAsync(writing, job) ? 1 : 0;
                }
                else
                {
                    poisoned += await PoisonAsync(writing, job, poison) ? 1 : 0;
                }
            }

            return new Reclaimed(requeued, poisoned);
        },
        cancellation);

    async Task<bool> ReclaimAsync(Writing writing, Job job)
    {
        if (await writing.ExecuteAsync(_sql.Reclaim, new { id = job.Id, epoch = job.Epoch, suspectMs = Ms(SuspectPause) }) == 0)
        {
            return false;
        }

        writing.Hints.Add(new JobHint(job.Id, IsQueued: true, HasWebhook: false));
        writing.Counts.Add(metrics => metrics.AttemptEnded("died"));
        return true;
    }

    async Task<bool> PoisonAsync(Writing writing, Job job, JobError error)
    {
        var parameters = new { id = job.Id, epoch = job.Epoch, keepMs = KeepMs, error = JobJson.Write(error, JobJson.Kept.JobError) };
        if (await writing.ExecuteAsync(_sql.Poison, parameters) == 0)
        {
            return false;
        }

        await EndAsync(writing, job.Id, job.Lane.Name(), JobState.Failed, error.Code);
        writing.Counts.Add(metrics => metrics.AttemptEnded("died"));
        return true;
    }

    /// <summary>The instances that hold jobs.</summary>
    public Task<List<string>> WorkersAsync(CancellationToken cancellation) =>
        database.ReadAsync(async connection => (await connection.QueryAsync<string>(_sql.Workers)).AsList(), cancellation);

    /// <summary>Erases a job with everything it left; the caller deletes the file. Null: there is no such job of this owner.</summary>
    public async Task<SpentAudio?> EraseAsync(string owner, string id, CancellationToken cancellation)
    {
        var erased = await WriteAsync(
            async writing =>
            {
                if (await writing.FindAsync<ErasedJob>(_sql.Erase, new { id, owner }) is not { } job)
                {
                    return null;
                }

                writing.Hints.Add(new JobHint(id, IsQueued: false, HasWebhook: false));
                if (job.EndedAt is null)
                {
                    writing.Counts.Add(metrics => metrics.Ended(JobState.Cancelled.Name(), job.Lane));
                }

                return new SpentAudio(id, job.AudioPath ?? "");
            },
            cancellation);
        if (erased is not null)
        {
            await database.ForgetErasedAsync(cancellation);
        }

        return erased;
    }

    /// <summary>Erases ended jobs whose time is over; how many. Files that are still there are told by <see cref="SpentAudioAsync"/> before.</summary>
    public async Task<int> EraseExpiredAsync(CancellationToken cancellation)
    {
        var erased = await InPortionsAsync(async () => (await WriteAsync(writing => writing.ListAsync<string>(_sql.EraseExpired), cancellation)).Count);
        if (erased > 0)
        {
            await database.ForgetErasedAsync(cancellation);
        }

        return erased;
    }

    /// <summary>Files of ended jobs, to be deleted and then forgotten.</summary>
    public Task<List<SpentAudio>> SpentAudioAsync(CancellationToken cancellation) =>
        database.ReadAsync(async connection => (await connection.QueryAsync<SpentAudio>(_sql.SpentAudio)).AsList(), cancellation);

    /// <summary>The file of a job is deleted.</summary>
    public Task ForgetAudioAsync(string id, CancellationToken cancellation) =>
        WriteAsync(writing => writing.ExecuteAsync(_sql.ForgetAudio, new { id }), cancellation);

    /// <summary>A job that has not ended needs this file.</summary>
    public Task<bool> NeedsAudioAsync(string path, CancellationToken cancellation) =>
        database.ReadAsync(async connection => await connection.ExecuteScalarAsync<long>(_sql.NeedsAudio, new { path }) > 0, cancellation);

    Task<int> EndAllAsync(string sql, object parameters, JobState state, CancellationToken cancellation) => InPortionsAsync(() => WriteAsync(
        async writing =>
        {
            var ended = await writing.ListAsync<EndedJob>(sql, parameters);
            foreach (var job in ended)
            {
                await EndAsync(writing, job.Id, job.Lane, state);
            }

            return ended.Count;
        },
        cancellation));

    static async Task<int> InPortionsAsync(Func<Task<int>> next)
    {
        int all = 0, done;
        do
        {
            done = await next();
            all += done;
        }
        while (done == JobSql.AtOnce);
        return all;
    }

    sealed record EndedJob(string Id, string Lane);

    sealed record ErasedJob
    {
        public string? AudioPath { get; init; }

        public required string Lane { get; init; }

        public long? EndedAt { get; init; }
    }
}
