using TranscriptionApi.Jobs.Audio;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Metrics;

namespace TranscriptionApi.Jobs.Work;

/// <summary>
/// Stores how an attempt ended. A result that cannot be stored now, because the database is away or the disk is full, is kept and tried again
/// until it is stored or the job is another worker's: hours of work are not thrown away for a minute's trouble.
/// </summary>
sealed partial class JobEnds(JobStore store, AudioStore audioStore, Drain drain, JobMetrics metrics, ILogger<JobEnds> logger)
{
    static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    public async Task FinishAsync(RunningJob running, FinishedWork work)
    {
        Checkpoint.Reach(Checkpoint.Transcribed);
        using var span = JobTraces.Store();
        var body = JobJson.WriteBytes(work.Transcript, JobJson.Kept.Transcript);
        var segments = work.Transcript.Segments.Count;
        var stored = await StoreAsync(running, JobState.Completed, JobState.Completed.Name(), () => store.FinishAsync(running.Job.Lease, body, segments, work.Audio, CancellationToken.None));
        await EndedAsync(running, stored);
    }

    public async Task FailAsync(RunningJob running, JobError error)
    {
        var stored = await StoreAsync(running, JobState.Failed, JobState.Failed.Name(), () => store.FailAsync(running.Job.Lease, error, CancellationToken.None), error.Code);
        await EndedAsync(running, stored);
    }

    /// <summary>The job waits for another attempt.</summary>
    public async Task RetryAsync(RunningJob running, JobError error, TimeSpan delay)
    {
        if (!await StoreAsync(running, JobState.Queued, JobStore.Retried, () => store.RetryAsync(running.Job.Lease, error, delay, CancellationToken.None)))
        {
            await LostAsync(running);
        }
    }

    /// <summary>This process stops: another one goes on after the last window.</summary>
    public async Task HandBackAsync(RunningJob running, TimeSpan lease)
    {
        Checkpoint.Reach(Checkpoint.Draining);
        var stored = await StoreAsync(running, JobState.Queued, JobStore.HandedBack, async () =>
        {
            if (running.Unsaved() is { } unsaved)
            {
                store.SaveWindows(running.Job.Lease, unsaved, lease);
                running.Saved(unsaved);
            }

            return await store.HandBackAsync(running.Job.Lease, CancellationToken.None);
        });
        Checkpoint.Reach(Checkpoint.HandedBack);
        if (!stored)
        {
            await LostAsync(running);
        }
    }

    /// <summary>The job is no longer this worker's. When it has ended, its audio is of no use to anybody.</summary>
    public async Task LostAsync(RunningJob running)
    {
        var job = await store.FindAsync(running.Job.Id, CancellationToken.None);
        if (job is null || (job.State == JobState.Cancelled && job.Epoch == running.Job.Epoch))
        {
            metrics.AttemptEnded("cancelled");
        }
        else
        {
            // Whoever takes the job over counts the attempt.
            metrics.LeaseLost();
        }

        if (job is not { EndedAt: null })
        {
            await DeleteAudioAsync(running.Job);
        }
    }

    async Task EndedAsync(RunningJob running, bool stored)
    {
        if (!stored)
        {
            LogNotStored(running.Job.Id);
            await LostAsync(running);
            return;
        }

        Checkpoint.Reach(Checkpoint.Finished);
        await DeleteAudioAsync(running.Job);
    }

    async Task<bool> StoreAsync(RunningJob running, JobState wanted, string outcome, Func<Task<bool>> write, string? code = null)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                if (await write())
                {
                    return true;
                }

                // The answer to an earlier try may have been lost although it was carried out.
                var isDone = pause > FirstPause && await store.EndedAsync(running.Job.Lease, CancellationToken.None) == wanted;
                if (isDone)
                {
                    store.Count(running.Job.Lane, wanted, outcome, code);
                }

                return isDone;
            }
            catch (Exception error) when (JobFault.IsPassing(error) && !drain.Over.IsCancellationRequested)
            {
                if (pause == FirstPause)
                {
                    LogWaits(error, running.Job.Id);
                }

                await Task.Delay(pause, drain.Over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    // Never before the end is stored: until then another worker may need the file.
    async Task DeleteAudioAsync(Job job)
    {
        try
        {
            if (job.AudioPath is { } path)
            {
                audioStore.Delete(path);
                Checkpoint.Reach(Checkpoint.AudioDeleted);
                await store.ForgetAudioAsync(job.Id, CancellationToken.None);
            }
        }
        catch (Exception error) when (JobFault.IsPassing(error))
        {
            // Upkeep comes by.
            LogAudioStays(error, job.Id);
        }
    }

    [LoggerMessage(LogLevel.Warning, "How job {Job} ended cannot be stored now; it is tried again.")]
    partial void LogWaits(Exception error, string job);

    [LoggerMessage(LogLevel.Warning, "What became of job {Job} here is not stored: it is another worker's by now, or has ended.")]
    partial void LogNotStored(string job);

    [LoggerMessage(LogLevel.Warning, "The audio of job {Job} could not be deleted yet.")]
    partial void LogAudioStays(Exception error, string job);
}
