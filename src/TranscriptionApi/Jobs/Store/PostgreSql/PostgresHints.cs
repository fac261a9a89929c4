using Npgsql;

namespace TranscriptionApi.Jobs.Store.PostgreSql;

/// <summary>
/// Hears what other servers did (LISTEN) and passes it on in this process. Only a hint: while the connection is lost everybody looks at the
/// database from time to time anyway. A connection that died without a word is found out by a question after some silence.
/// </summary>
sealed partial class PostgresHints(PostgresDatabase database, JobSignals signals, ILogger<PostgresHints> logger) : BackgroundService
{
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <summary>How long nothing is heard before the server is asked, and how long its answer is waited for.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (JobStoreErrors.IsOutage(error))
            {
                LogLost(error.Message);
            }

            await Task.Delay(Pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    async Task ListenAsync(CancellationToken stopping)
    {
        await using var connection = await database.OpenListenerAsync(Silence, stopping);
        connection.Notification += (_, heard) => JobHint.Parse(heard.Payload).Raise(signals);
        await using (var listen = new NpgsqlCommand("LISTEN transcription_jobs", connection))
        {
            await listen.ExecuteNonQueryAsync(stopping);
        }

        // What happened while nobody listened.
        new JobHint(Id: null, IsQueued: true, HasWebhook: true).Raise(signals);
        while (true)
        {
            await connection.WaitAsync(stopping);
        }
    }

    [LoggerMessage(LogLevel.Warning, "No notifications from the database for the moment; the server looks for jobs itself. {Reason}")]
    partial void LogLost(string reason);
}
