using System.Diagnostics;
using Microsoft.Extensions.Options;
using SpeechEngine.Audio;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Metrics;

namespace TranscriptionApi.Jobs.Work;

/// <summary>
/// Takes jobs from the queue and brings them to an end: (1) wait for a free place, (2) claim a job under a lease, (3) do the work,
/// (4) store how it ended, (5) delete the audio. A process that dies anywhere on this way leaves a job that another one takes over.
/// </summary>
sealed partial class JobWorker(
    JobStore store, JobRunner runner, JobEnds ends, RunningJobs running, JobSignals signals, ServerInstance instance, Drain drain, JobMetrics metrics,
    IOptions<JobOptions> jobOptions, ILogger<JobWorker> logger) : BackgroundService
{
    readonly JobOptions _options = jobOptions.Value;
    readonly SemaphoreSlim _free = new(running.Places);
    bool _isFailing;

    // One place is kept for those who wait on the line, where there is more than one.
    bool TakesBatch => running.Places == 1 || running.All.Count(job => job.Job.Lane == Lane.Batch) < running.Places - 1;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, drain.Begun);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await _free.WaitAsync(stop.Token);                                                             // (1)
                if (await ClaimAsync(stop.Token) is { } claimed)
                {
                    _ = WorkAsync(claimed);
                }
                else
                {
                    _free.Release();
                    await signals.WaitForQueuedAsync(Jitter.Around(TimeSpan.FromMilliseconds(750), 0.33), stop.Token);
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    async Task<RunningJob?> ClaimAsync(CancellationToken stop)
    {
        try
        {
            var asked = Stopwatch.GetTimestamp();

            // Not given up when the program stops: a claim whose answer nobody hears would look like a death.
            var job = await store.ClaimAsync(instance.Id, TakesBatch, _options.Lease(), CancellationToken.None); // (2)
            _isFailing = false;
            if (job is null)
            {
                return null;
            }

            var claimed = new RunningJob(job, asked, _options.SelfFence());
            running.Add(claimed);
            Checkpoint.Reach(Checkpoint.Claimed);
            if (stop.IsCancellationRequested)
            {
                // Too late for the drain's own round.
                claimed.Stop(WorkStop.Draining);
            }

            return claimed;
        }
        catch (Exception error)
        {
            if (!_isFailing && !stop.IsCancellationRequested)
            {
                LogCannotClaim(error);
            }

            _isFailing = true;
            return null;
        }
    }

    async Task WorkAsync(RunningJob claimed)
    {
        try
        {
            using (claimed)
            {
                await Task.Run(() => AttemptAsync(claimed));
                running.Remove(claimed);
            }
        }
        catch (Exception error)
        {
            // How it ended could not be stored; the lease runs out, and the job is taken up again.
            LogGivenUp(error, claimed.Job.Id);
            running.Remove(claimed);
        }
        finally
        {
            _free.Release();

            // A place more; a batch job may have had to wait for it.
            signals.Queued();
        }
    }

    async Task AttemptAsync(RunningJob claimed)
    {
        var job = claimed.Job;
        Tell(job);
        using var attempt = JobTraces.Attempt(job.Trace, job.Id, job.Attempt);
        using var done = new CancellationTokenSource();
        var watching = WatchAsync(claimed, done.Token);
        try
        {
            var work = await runner.RunAsync(claimed);                                                         // (3)
            await ends.FinishAsync(claimed, work);                                                             // (4), (5)
        }
        catch (OperationCanceledException) when (claimed.Cause is { } cause)
        {
            await StoppedAsync(claimed, cause);
        }
        catch (Exception error)
        {
            attempt.Fail(JobFault.Of(job.Id, error).Error.Code ?? "invalid_value");
            await FailedAsync(claimed, error);
        }
        finally
        {
            await done.CancelAsync();
            await watching;
        }
    }

    void Tell(Job job)
    {
        if (job is { Attempt: 1, Crashes: 0, StartedAt: { } started } && job.Epoch == 1)
        {
            metrics.FirstClaimed(job.Lane.Name(), TimeSpan.FromMilliseconds(started - job.CreatedAt));
            JobTraces.Queue(job.Trace, DateTimeOffset.FromUnixTimeMilliseconds(job.CreatedAt), DateTimeOffset.FromUnixTimeMilliseconds(started));
        }
    }

    /// <summary>Stops the work on a job that ended meanwhile; without a hint the next renewal finds out.</summary>
    async Task WatchAsync(RunningJob claimed, CancellationToken done)
    {
        using var watch = signals.WatchJob(claimed.Job.Id);
        try
        {
            while (true)
            {
                await watch.NextAsync(Timeout.InfiniteTimeSpan, done);
                var job = await store.FindAsync(claimed.Job.Id, done);
                if (job is not { State: JobState.Running } || job.Epoch != claimed.Job.Epoch)
                {
                    claimed.Stop(WorkStop.Lost);
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The attempt is over.
        }
        catch (Exception error)
        {
            LogCannotWatch(error, claimed.Job.Id);
        }
    }

    async Task StoppedAsync(RunningJob claimed, WorkStop cause)
    {
        LogStopped(claimed.Job.Id, cause);
        if (cause == WorkStop.Draining)
        {
            await ends.HandBackAsync(claimed, _options.Lease());
        }
        else
        {
            await ends.LostAsync(claimed);
        }
    }

    async Task FailedAsync(RunningJob claimed, Exception error)
    {
        var job = claimed.Job;
        var fault = JobFault.Of(job.Id, error);
        if (fault.IsOurs)
        {
            LogFailed(error, job.Id, job.Attempt);
        }
        else if (error is InvalidAudioException { Fault: AudioFault.DecoderMissing })
        {
            LogDecoderMissing(job.Id);
        }

        if (fault.MayPass && job.Attempt < _options.MaxAttempts)
        {
            // 5 s, 20 s, 80 s and so on.
            await ends.RetryAsync(claimed, fault.Error, Jitter.Around(TimeSpan.FromSeconds(5 * Math.Pow(4, Math.Min(job.Attempt - 1, 4))), 0.2));
        }
        else
        {
            await ends.FailAsync(claimed, fault.Error);
        }
    }

    [LoggerMessage(LogLevel.Error, "No job can be taken from the queue; tried again every second.")]
    partial void LogCannotClaim(Exception error);

    [LoggerMessage(LogLevel.Error, "Job {Job} failed in attempt {Attempt}.")]
    partial void LogFailed(Exception error, string job, int attempt);

    [LoggerMessage(LogLevel.Warning, "Job {Job} was refused: its audio needs the ffmpeg program, which was not found (setting Audio:Ffmpeg).")]
    partial void LogDecoderMissing(string job);

    [LoggerMessage(LogLevel.Information, "The work on job {Job} stops: {Cause}.")]
    partial void LogStopped(string job, WorkStop cause);

    [LoggerMessage(LogLevel.Warning, "Job {Job} cannot be watched; whether it is still wanted is seen when its lease is renewed.")]
    partial void LogCannotWatch(Exception error, string job);

    [LoggerMessage(LogLevel.Error, "How job {Job} ended could not be stored.")]
    partial void LogGivenUp(Exception error, string job);
}
