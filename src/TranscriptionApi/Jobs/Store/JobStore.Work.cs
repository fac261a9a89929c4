using Dapper;

namespace TranscriptionApi.Jobs.Store;

/// <summary>How far a job came forward.</summary>
/// <param name="First">Number of the first of <paramref name="Windows"/>, from 0; windows that were saved with this number or a higher one are replaced.</param>
/// <param name="Windows">Finished windows, in order; may be none.</param>
/// <param name="Segments">Segments in all windows up to here.</param>
/// <param name="Progress">How far the work has come into the audio, all channels counted.</param>
/// <param name="Audio">Length of the audio, all channels counted.</param>
readonly record struct JobAdvance(int First, IReadOnlyList<SavedWindow> Windows, int Segments, TimeSpan Progress, TimeSpan Audio);

sealed partial class JobStore
{
    /// <summary>How attempts end after which the job waits again, as they are counted; others end like their jobs.</summary>
    public const string Retried = "retried", HandedBack = "handed_back";

    /// <summary>Takes the next job under a lease; null when there is none.</summary>
    /// <param name="worker">The instance that takes it.</param>
    /// <param name="anyLane">False takes only jobs that somebody waits for.</param>
    /// <param name="lease">How long the worker may be silent.</param>
    /// <param name="cancellation">The worker stops.</param>
    public Task<Job?> ClaimAsync(string worker, bool anyLane, TimeSpan lease, CancellationToken cancellation) => WriteAsync(
        async writing =>
        {
            var job = await writing.FindAsync<Job>(_sql.Claim, new { worker, anyLane = anyLane ? 1 : 0, leaseMs = Ms(lease), ageingMs = AgeingMs });
            if (job is not null)
            {
                writing.Hints.Add(new JobHint(job.Id, IsQueued: false, HasWebhook: false));
            }

            return job;
        },
        cancellation);

    /// <summary>The worker lives. False: the job is no longer its own, and nothing it does will be stored.</summary>
    /// <remarks>On the calling thread alone: a worker whose thread pool is busy is not dead.</remarks>
    public bool Renew(JobLease lease, TimeSpan duration) => Write(
        async writing => await writing.ExecuteAsync(_sql.Renew, new { id = lease.Id, epoch = lease.Epoch, leaseMs = Ms(duration) }) == 1);

    /// <summary>
    /// Saves finished windows, from which the job goes on after a crash, and renews the lease. False: the job is no longer the worker's.
    /// A worker that does not know whether a call was carried out may repeat it.
    /// </summary>
    /// <param name="lease">The worker's right.</param>
    /// <param name="saved">What is saved, and where it goes in the row of windows.</param>
    /// <param name="duration">Of the renewed lease.</param>
    /// <remarks>On the calling thread alone, like <see cref="Renew"/>.</remarks>
    public bool SaveWindows(JobLease lease, JobAdvance saved, TimeSpan duration) => Write(
        async writing =>
        {
            var moved = await writing.ExecuteAsync(
                _sql.Advance,
                new
                {
                    id = lease.Id,
                    epoch = lease.Epoch,
                    leaseMs = Ms(duration),
                    progressMs = Ms(saved.Progress),
                    audioMs = Ms(saved.Audio),
                    segments = saved.Segments,
                    windows = saved.Windows.Count,
                });
            if (moved == 0)
            {
                return false;
            }

            await writing.ExecuteAsync(_sql.DeleteWindowsFrom, new { id = lease.Id, first = saved.First });
            for (var i = 0; i < saved.Windows.Count; i++)
            {
                await writing.ExecuteAsync(
                    _sql.InsertWindow, new { id = lease.Id, number = saved.First + i, body = JobJson.WriteBytes(saved.Windows[i], JobJson.Kept.SavedWindow) });
            }

            writing.Hints.Add(new JobHint(lease.Id, IsQueued: false, HasWebhook: false));
            return true;
        });

    /// <summary>Stores the transcript and ends the job. False: the job is no longer the worker's, and the transcript is not stored.</summary>
    public Task<bool> FinishAsync(JobLease lease, byte[] transcript, int segments, TimeSpan audio, CancellationToken cancellation) => EndAsync(
        lease,
        JobState.Completed,
        _sql.Finish,
        new { id = lease.Id, epoch = lease.Epoch, segments, audioMs = Ms(audio), keepMs = KeepMs },
        async writing => await writing.ExecuteAsync(_sql.InsertTranscript, new { id = lease.Id, epoch = lease.Epoch, body = transcript }),
        code: null,
        cancellation);

    /// <summary>The job cannot be done.</summary>
    public Task<bool> FailAsync(JobLease lease, JobError error, CancellationToken cancellation) => EndAsync(
        lease,
        JobState.Failed,
        _sql.Fail,
        new { id = lease.Id, epoch = lease.Epoch, keepMs = KeepMs, error = JobJson.Write(error, JobJson.Kept.JobError) },
        _ => Task.CompletedTask,
        error.Code,
        cancellation);

    /// <summary>The job is tried again after a while; its saved windows stay.</summary>
    public Task<bool> RetryAsync(JobLease lease, JobError error, TimeSpan delay, CancellationToken cancellation) => ToQueueAsync(
        Retried, _sql.Retry, lease, new { id = lease.Id, epoch = lease.Epoch, error = JobJson.Write(error, JobJson.Kept.JobError), delayMs = Ms(delay) }, cancellation);

    /// <summary>The worker stops before the job is done; the attempt does not count, and its saved windows stay.</summary>
    public Task<bool> HandBackAsync(JobLease lease, CancellationToken cancellation) =>
        ToQueueAsync(HandedBack, _sql.HandBack, lease, new { id = lease.Id, epoch = lease.Epoch }, cancellation);

    /// <summary>
    /// What became of the job under this lease: for a worker whose last write failed with an outage, because a commit may have been done
    /// although its answer was lost. Running: nothing was stored, try again. Completed, failed, queued: it was stored. Null: the job is
    /// another worker's by now, or erased.
    /// </summary>
    public Task<JobState?> EndedAsync(JobLease lease, CancellationToken cancellation) => database.ReadAsync(
        async connection => await connection.QueryFirstOrDefaultAsync<string>(_sql.StateUnder, new { id = lease.Id, epoch = lease.Epoch }) is { } state ? JobStates.Parse(state) : (JobState?)null,
        cancellation);

    /// <summary>Counts an end of which <see cref="EndedAsync(JobLease, CancellationToken)"/> told: at its commit nobody did, because that had no answer.</summary>
    public void Count(Lane lane, JobState state, string outcome, string? code)
    {
        metrics.AttemptEnded(outcome);
        if (state.IsEnd())
        {
            metrics.Ended(state.Name(), lane.Name(), code);
        }
    }

    /// <summary>The windows saved so far, in order.</summary>
    public Task<List<SavedWindow>> WindowsAsync(string id, CancellationToken cancellation) => database.ReadAsync(
        async connection => (await connection.QueryAsync<byte[]>(_sql.Windows, new { id })).Select(body => JobJson.Read(body, JobJson.Kept.SavedWindow)).ToList(), cancellation);

    Task<bool> EndAsync(
        JobLease lease, JobState state, string sql, object parameters, Func<Writing, Task> store, string? code, CancellationToken cancellation) => WriteAsync(
        async writing =>
        {
            if (await writing.FindAsync<string>(sql, parameters) is not { } lane)
            {
                return false;
            }

            await store(writing);
            await EndAsync(writing, lease.Id, lane, state, code);
            writing.Counts.Add(metrics => metrics.AttemptEnded(state.Name()));
            return true;
        },
        cancellation);

    Task<bool> ToQueueAsync(string outcome, string sql, JobLease lease, object parameters, CancellationToken cancellation) => WriteAsync(
        async writing =>
        {
            if (await writing.ExecuteAsync(sql, parameters) == 0)
            {
                return false;
            }

            writing.Hints.Add(new JobHint(lease.Id, IsQueued: true, HasWebhook: false));
            writing.Counts.Add(metrics => metrics.AttemptEnded(outcome));
            return true;
        },
        cancellation);
}
