using System.Data.Common;
using Npgsql;

namespace TranscriptionApi.Jobs.Store;

/// <summary>
/// Hears what other servers did (LISTEN) and passes it on in this process. Only a hint: a connection that is silently dead is found out by a
/// notification to itself that does not come back, and until then everybody looks at the database from time to time anyway.
/// </summary>
sealed partial class PostgresHints(PostgresDatabase database, JobSignals signals, ILogger<PostgresHints> logger) : BackgroundService
{
    static readonly TimeSpan Pulse = TimeSpan.FromSeconds(30);
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (Exception error) when (error is DbException or IOException or TimeoutException && !stoppingToken.IsCancellationRequested)
            {
                LogLost(error.Message);
                await Task.Delay(Pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    async Task ListenAsync(CancellationToken stopping)
    {
        await using var connection = await database.Source.OpenConnectionAsync(stopping);
        connection.Notification += (_, heard) => JobHint.Parse(heard.Payload).Raise(signals);
        await using (var listen = new NpgsqlCommand("LISTEN transcription_jobs", connection))
        {
            await listen.ExecuteNonQueryAsync(stopping);
        }

        // What happened while nobody listened.
        signals.Queued();
        while (true)
        {
            if (!await connection.WaitAsync(Pulse, stopping))
            {
                // Fails, or times out, when the connection is dead.
                await using var alive = new NpgsqlCommand("SELECT 1", connection) { CommandTimeout = 10 };
                await alive.ExecuteScalarAsync(stopping);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "No notifications from the database for the moment; the server looks for jobs itself. {Reason}")]
    partial void LogLost(string reason);
}

/// <summary>What one process tells the others after a commit.</summary>
/// <param name="Id">A job that changed; null when only the queue has more.</param>
/// <param name="IsQueued">A job waits for a worker.</param>
/// <param name="HasWebhook">A webhook waits for delivery.</param>
readonly record struct JobHint(string? Id, bool IsQueued, bool HasWebhook)
{
    public static JobHint Parse(string text) => new(
        text.Split(' ')[0] is { Length: > 1 } id ? id : null, text.Contains(" queued", StringComparison.Ordinal), text.Contains(" webhook", StringComparison.Ordinal));

    public void Raise(JobSignals signals)
    {
        if (Id is not null)
        {
            signals.Changed(Id);
        }

        if (IsQueued)
        {
            signals.Queued();
        }

        if (HasWebhook)
        {
            signals.OutboxFilled();
        }
    }

    public override string ToString() => $"{Id ?? "-"}{(IsQueued ? " queued" : "")}{(HasWebhook ? " webhook" : "")}";
}
