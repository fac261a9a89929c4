using System.Data.Common;
using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Metrics;

namespace TranscriptionApi.Webhooks;

/// <summary>
/// Takes what the outbox has due, several at a time but one per receiver, so that a slow one holds up nobody else. What the outbox
/// holds is sent at least once: a server that dies on the way leaves a lease behind, and when that is over it is sent again under the same id.
/// </summary>
sealed partial class WebhookSender(Outbox outbox, JobSignals signals, WebhookPost post, JobMetrics metrics, ILogger<WebhookSender> logger) : BackgroundService
{
    const int MostAtOnce = Outbox.MostBusy;

    // Time after an attempt in which its outcome can be stored.
    static readonly TimeSpan RecordTime = TimeSpan.FromSeconds(30);
    static readonly TimeSpan StopTime = TimeSpan.FromSeconds(3);

    // Signals from other processes may be lost.
    static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);
    static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(50);
    static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>Deliveries on their way, by receiver.</summary>
    readonly Dictionary<string, Task> _running = new(StringComparer.Ordinal);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = FirstPause;
        while (post.IsOn && !stoppingToken.IsCancellationRequested)
        {
            TimeSpan wait;
            try
            {
                wait = await StartDueAsync(stoppingToken);
                pause = FirstPause;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception error)
            {
                Report(error);
                wait = pause;
                pause = Longer(pause);
            }

            await WaitAsync(wait, stoppingToken);
        }

        await Task.WhenAll(_running.Values);
    }

    /// <summary>Starts as many deliveries as there is room for, and says when to look again.</summary>
    async Task<TimeSpan> StartDueAsync(CancellationToken stopping)
    {
        var room = MostAtOnce - _running.Count;
        if (room == 0)
        {
            return LongestWait;
        }

        // Reading first: a server with nothing to send does not write.
        if (await outbox.NextDueMsAsync(_running.Keys, stopping) is not { } next)
        {
            return LongestWait;
        }

        if (next > 0)
        {
            return TimeSpan.FromMilliseconds(Math.Clamp(next, ShortestWait.TotalMilliseconds, LongestWait.TotalMilliseconds));
        }

        foreach (var due in await outbox.TakeDueAsync(room, _running.Keys, post.LongestTime + RecordTime, stopping))
        {
            _running[Outbox.Receiver(due.Url)] = DeliverAsync(due, stopping);
        }

        return ShortestWait;
    }

    /// <summary>Until a delivery is over, a job has ended, or the time is.</summary>
    async Task WaitAsync(TimeSpan atMost, CancellationToken stopping)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var signal = signals.WaitForOutboxAsync(atMost, over.Token);
        await Task.WhenAny([.. _running.Values, signal]);
        await over.CancelAsync();
        await signal.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var (receiver, _) in _running.Where(delivery => delivery.Value.IsCompleted).ToList())
        {
            _running.Remove(receiver);
        }
    }

    async Task DeliverAsync(DueWebhook due, CancellationToken stopping)
    {
        try
        {
            var outcome = await post.SendAsync(due, stopping);
            metrics.WebhookSent(outcome.IsDelivered ? "delivered" : outcome.RetryAfter is null ? "given_up" : "failed");
            await RecordAsync(due, outcome, stopping);
            if (outcome is { IsDelivered: false, RetryAfter: null })
            {
                LogGivenUp(due.Id, due.JobId, due.Attempts + 1);
            }
        }
        catch (Exception error)
        {
            // The lease runs out, and it is sent again.
            LogFailed(error, due.Id);
        }
    }

    // What was delivered should not be sent again only because the database was away for a moment.
    async Task RecordAsync(DueWebhook due, WebhookOutcome outcome, CancellationToken stopping)
    {
        using var patience = new CancellationTokenSource(RecordTime);
        using var stop = stopping.Register(() => patience.CancelAfter(StopTime));
        for (var pause = FirstPause; ; pause = Longer(pause))
        {
            try
            {
                await outbox.RecordAsync(due, outcome, patience.Token);
                return;
            }
            catch (Exception error) when (!patience.IsCancellationRequested)
            {
                Report(error);
                await Task.Delay(pause, patience.Token);
            }
        }
    }

    static TimeSpan Longer(TimeSpan pause) => pause * 2 < LongestPause ? pause * 2 : LongestPause;

    // A database that is away is one line; anything else is a bug, which must not stop the deliveries either.
    void Report(Exception error)
    {
        if (error is DbException or IOException or TimeoutException)
        {
            LogOutage(error.Message);
        }
        else
        {
            LogBroken(error);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Webhooks have to wait for the database. {Reason}")]
    partial void LogOutage(string reason);

    [LoggerMessage(LogLevel.Error, "Webhooks could not be sent for the moment.")]
    partial void LogBroken(Exception error);

    [LoggerMessage(LogLevel.Warning, "Webhook {Webhook} of job {Job} is given up after {Attempts} attempts; the job's delivery log says why.")]
    partial void LogGivenUp(string webhook, string job, long attempts);

    [LoggerMessage(LogLevel.Error, "What became of webhook {Webhook} could not be stored.")]
    partial void LogFailed(Exception error, string webhook);
}
