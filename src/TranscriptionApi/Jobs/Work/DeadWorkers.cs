using Microsoft.Extensions.Options;
using TranscriptionApi.Errors;
using TranscriptionApi.Jobs.Store;

namespace TranscriptionApi.Jobs.Work;

/// <summary>
/// Takes jobs away from workers that died, at the start and every few seconds: those whose lease ran out, and at once those of a process
/// of this machine whose lock is free. A job over which workers die again and again is given up.
/// </summary>
sealed partial class DeadWorkers(
    JobStore store, IJobDatabase database, ServerInstance instance, IOptions<JobOptions> options, ILogger<DeadWorkers> logger) : BackgroundService
{
    // As many as the store takes at a time.
    const int Batch = 100;
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    readonly JobOptions _options = options.Value;
    bool _isFailing;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await RecoverAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = _options.Lease() / 4 < Longest ? _options.Lease() / 4 : Longest;
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Jitter.Around(pause, 0.3), stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                await RecoverAsync(stoppingToken);
                _isFailing = false;
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                if (!_isFailing)
                {
                    LogFailed(error);
                }

                _isFailing = true;
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    async Task RecoverAsync(CancellationToken cancellation)
    {
        await ReclaimAsync(worker: null, cancellation);
        foreach (var worker in await store.WorkersAsync(cancellation))
        {
            // A database of one machine is in the data folder, so whoever works on it has, or had, a lock there.
            if (worker != instance.Id && (instance.IsDead(worker) || (!database.IsShared && !instance.IsAlive(worker))))
            {
                await ReclaimAsync(worker, cancellation);
            }
        }
    }

    async Task ReclaimAsync(string? worker, CancellationToken cancellation)
    {
        Reclaimed reclaimed;
        do
        {
            reclaimed = await store.ReclaimAsync(worker, _options.MaxCrashes, JobError.Of(ApiErrors.WorkerDied(_options.MaxCrashes)), cancellation);
            if (reclaimed != default)
            {
                LogReclaimed(reclaimed.Requeued, reclaimed.Poisoned);
            }
        }
        while (reclaimed.Requeued + reclaimed.Poisoned >= Batch);
    }

    [LoggerMessage(LogLevel.Warning, "Workers died: {Requeued} jobs wait for another, {Poisoned} are given up.")]
    partial void LogReclaimed(int requeued, int poisoned);

    [LoggerMessage(LogLevel.Warning, "Jobs of dead workers cannot be looked for; tried again.")]
    partial void LogFailed(Exception error);
}
