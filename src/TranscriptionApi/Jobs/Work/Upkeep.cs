using Microsoft.Extensions.Options;
using TranscriptionApi.Jobs.Audio;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Uploads;

namespace TranscriptionApi.Jobs.Work;

/// <summary>Every minute: ends what nobody waits for, erases what is over, deletes files that nobody needs. Any process may do it, also several at once.</summary>
sealed partial class Upkeep(
    JobStore store, AudioStore audioStore, UploadStore uploads, ServerInstance instance, DiskSpace disk, IOptions<JobOptions> options, ILogger<Upkeep> logger) : BackgroundService
{
    // Long after an upload was stored, its job is, or never will be.
    static readonly TimeSpan OrphanAge = TimeSpan.FromHours(1);
    static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    readonly JobOptions _options = options.Value;
    readonly HashSet<string> _failing = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await RunAsync(stoppingToken);
            await Task.Delay(Jitter.Around(Pause, 0.2), stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>One round.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        await TryAsync("abandon", async () => await store.AbandonAsync(cancellation));
        await TryAsync("expire", async () => await store.ExpireAsync(_options.MaxQueuedTime(), cancellation));
        await TryAsync("spent audio", () => DeleteSpentAudioAsync(cancellation));
        await TryAsync("erase", async () => await store.EraseExpiredAsync(cancellation));
        await TryAsync("orphaned audio", () => DeleteOrphanedAudioAsync(cancellation));
        await TryAsync("dead instances", () => ForgetDeadAsync(cancellation));
        await TryAsync("disk reserve", () => Task.Run(disk.Refill, cancellation));
    }

    async Task DeleteSpentAudioAsync(CancellationToken cancellation)
    {
        while (await store.SpentAudioAsync(cancellation) is { Count: > 0 } spent)
        {
            foreach (var audio in spent)
            {
                audioStore.Delete(audio.Path);
                await store.ForgetAudioAsync(audio.Id, cancellation);
            }
        }
    }

    async Task DeleteOrphanedAudioAsync(CancellationToken cancellation)
    {
        foreach (var path in audioStore.OlderThan(OrphanAge))
        {
            if (!await store.NeedsAudioAsync(path, cancellation))
            {
                audioStore.Delete(path);
            }
        }
    }

    async Task ForgetDeadAsync(CancellationToken cancellation)
    {
        uploads.SweepFoldersOfDead();

        // The lock file tells that its process is dead; it is kept while jobs are still to be taken from it.
        var workers = await store.WorkersAsync(cancellation);
        foreach (var dead in instance.Dead().Except(workers))
        {
            instance.Forget(dead);
        }
    }

    async Task TryAsync(string step, Func<Task> work)
    {
        try
        {
            await work();
            _failing.Remove(step);
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
        catch (Exception error)
        {
            // Once, not every minute.
            if (_failing.Add(step))
            {
                LogFailed(error, step);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Upkeep failed at \"{Step}\"; tried again every minute.")]
    partial void LogFailed(Exception error, string step);
}
