using Microsoft.Extensions.Options;
using TranscriptionApi.Errors;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Jobs.Work;
using TranscriptionApi.Transcriptions;

namespace TranscriptionApi.Jobs.Waiting;

/// <summary>
/// Waits on the line until a job ends, and has its transcript or its error. Whoever waits keeps the job wanted; when the last one hangs
/// up, the job goes on for a while, so that a retry finds it.
/// </summary>
sealed class JobWait(JobStore store, JobSignals signals, Drain drain, IOptions<JobOptions> options)
{
    // What happens in this process is heard at once; this is for hints that were lost.
    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    // Without time to come back, a job must not be given up under those who still wait.
    static readonly TimeSpan LeastGrace = TimeSpan.FromSeconds(5);

    static readonly TimeSpan LongestRenewal = TimeSpan.FromSeconds(60);

    /// <summary>How long a job stays wanted after somebody was last seen waiting for it.</summary>
    public static TimeSpan Grace(JobOptions options) => options.Abandon() > LeastGrace ? options.Abandon() : LeastGrace;

    /// <summary>The transcript of a job.</summary>
    /// <param name="id">The job.</param>
    /// <param name="hungUp">Nobody waits here any more.</param>
    /// <exception cref="ApiException">The job has none: it failed, was cancelled, expired or was erased, or this server stops before it is done.</exception>
    public async Task<Transcript> ForTranscriptAsync(string id, CancellationToken hungUp)
    {
        var grace = Grace(options.Value);
        var renewal = grace / 3 < LongestRenewal ? grace / 3 : LongestRenewal;
        var renewed = Environment.TickCount64;

        // Watching begins before the first look, so nothing is missed in between.
        using var watch = signals.WatchJob(id);
        using var wake = CancellationTokenSource.CreateLinkedTokenSource(hungUp, drain.Over);
        try
        {
            while (true)
            {
                var isOver = drain.Over.IsCancellationRequested;
                var job = await store.FindAsync(id, hungUp) ?? throw ApiErrors.NoSuchTranscription(id);
                if (job.State.IsEnd())
                {
                    return await ReadAsync(job, hungUp);
                }

                // Handed back, or never begun: another server, or the next start, goes on with it.
                if (isOver || (drain.IsDraining && job.State == JobState.Queued))
                {
                    throw ApiErrors.ShuttingDown();
                }

                if (Environment.TickCount64 - renewed > renewal.TotalMilliseconds)
                {
                    renewed = Environment.TickCount64;
                    await store.KeepWantedAsync(id, grace, hungUp);
                }

                await watch.NextAsync(Look, wake.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                hungUp.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (hungUp.IsCancellationRequested)
        {
            await store.KeepWantedAsync(id, options.Value.Abandon(), CancellationToken.None);
            throw;
        }
    }

    async Task<Transcript> ReadAsync(Job job, CancellationToken hungUp) => job.State switch
    {
        JobState.Completed => await store.ReadTranscriptAsync(job.Id, hungUp) ?? throw ApiErrors.NoSuchTranscription(job.Id),
        JobState.Failed => throw job.ReadError()!.ToException(),
        JobState.Expired => throw ApiErrors.Overloaded(LongestRenewal),
        _ => throw ApiErrors.Cancelled(),
    };
}
