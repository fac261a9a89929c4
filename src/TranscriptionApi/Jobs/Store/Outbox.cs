using System.Data.Common;
using Dapper;

namespace TranscriptionApi.Jobs.Store;

/// <summary>A webhook that is due.</summary>
/// <param name="Id">Stays the same over all attempts: the receiver tells repetitions by it.</param>
/// <param name="JobId">The job it speaks of.</param>
/// <param name="Type">Such as audio.transcription.completed.</param>
/// <param name="Url">Where it goes.</param>
/// <param name="Attempts">Attempts before this one.</param>
/// <param name="CreatedAt">When the job ended, in milliseconds since 1970.</param>
/// <param name="AgeMs">Time since then, by the database's clock.</param>
sealed record DueWebhook(string Id, string JobId, string Type, string Url, long Attempts, long CreatedAt, long AgeMs);

/// <summary>One line of the delivery log.</summary>
sealed class WebhookAttempt
{
    public required string WebhookId { get; init; }

    public required string Type { get; init; }

    public int Number { get; init; }

    public long CreatedAt { get; init; }

    /// <summary>HTTP status of the answer; null when there was none.</summary>
    public int? Status { get; init; }

    /// <summary>Why there was no answer.</summary>
    public string? Error { get; init; }

    public long DurationMs { get; init; }

    /// <summary>pending, delivered or given_up: the webhook's state now.</summary>
    public required string State { get; init; }

    /// <summary>When it is tried again, while it is pending.</summary>
    public long DueAt { get; init; }
}

/// <summary>What became of an attempt.</summary>
/// <param name="Status">HTTP status of the answer; null when there was none.</param>
/// <param name="Error">Why there was no answer.</param>
/// <param name="Duration">Time it took.</param>
/// <param name="IsDelivered">It arrived.</param>
/// <param name="RetryAfter">When to try again; null never.</param>
sealed record WebhookOutcome(int? Status, string? Error, TimeSpan Duration, bool IsDelivered, TimeSpan? RetryAfter);

/// <summary>Webhooks that wait for delivery. They are written in the transaction that ends the job (see <see cref="JobStore"/>).</summary>
sealed class Outbox(IJobDatabase database)
{
    /// <summary>Receivers that can be left out.</summary>
    public const int MostBusy = 4;

    readonly OutboxSql _sql = new(database.Dialect);

    /// <summary>Takes webhooks that are due, one per receiver; nobody else takes them before <paramref name="lease"/> is over.</summary>
    /// <param name="most">At most so many.</param>
    /// <param name="busy">Receivers that are left out, at most <see cref="MostBusy"/>.</param>
    /// <param name="lease">Longer than an attempt takes.</param>
    /// <param name="cancellation">The server stops.</param>
    public Task<List<DueWebhook>> TakeDueAsync(int most, IEnumerable<string> busy, TimeSpan lease, CancellationToken cancellation) => database.WriteAsync(
        async (connection, transaction) =>
        {
            var due = new List<DueWebhook>();
            var parameters = Busy(busy);
            parameters.Add("leaseMs", (long)lease.TotalMilliseconds);
            while (due.Count < most && await connection.QueryFirstOrDefaultAsync<DueWebhook>(_sql.TakeDue, parameters, transaction) is { } next)
            {
                due.Add(next);
                parameters = Busy(busy.Concat(due.Select(taken => Receiver(taken.Url))));
                parameters.Add("leaseMs", (long)lease.TotalMilliseconds);
            }

            return due;
        },
        cancellation);

    /// <summary>
    /// Writes an attempt into the log and decides how it goes on. Whoever came too late, its lease over and the webhook taken again,
    /// changes nothing, unless it brings the news of the delivery. False: nothing was changed, or the job is erased.
    /// </summary>
    public Task<bool> RecordAsync(DueWebhook due, WebhookOutcome outcome, CancellationToken cancellation) => database.WriteAsync(
        async (connection, transaction) =>
        {
            var state = outcome.IsDelivered ? "delivered" : outcome.RetryAfter is null ? "given_up" : "pending";
            var delayMs = (long)(outcome.RetryAfter ?? TimeSpan.Zero).TotalMilliseconds;
            return await connection.ExecuteAsync(_sql.Settle, new { id = due.Id, attempts = due.Attempts + 1, state, delayMs }, transaction) == 1
                && await connection.ExecuteAsync(
                    _sql.InsertAttempt, new { id = due.Id, status = outcome.Status, error = outcome.Error, durationMs = (long)outcome.Duration.TotalMilliseconds }, transaction) == 1;
        },
        cancellation);

    /// <summary>The delivery log of a job, oldest first.</summary>
    public Task<List<WebhookAttempt>> LogAsync(string jobId, CancellationToken cancellation) =>
        database.ReadAsync(async connection => (await connection.QueryAsync<WebhookAttempt>(_sql.Log, new { jobId })).AsList(), cancellation);

    /// <summary>When the next one is due to a receiver that is not busy, in milliseconds from now; null when none is pending.</summary>
    public Task<long?> NextDueMsAsync(IEnumerable<string> busy, CancellationToken cancellation) =>
        database.ReadAsync((DbConnection connection) => connection.ExecuteScalarAsync<long?>(_sql.NextDue, Busy(busy)), cancellation);

    /// <summary>Who receives at a URL, which is a stored one and so in one spelling: "https://host:port/".</summary>
    public static string Receiver(string url) => url.IndexOf('/', url.IndexOf("//", StringComparison.Ordinal) + 2) is var end and >= 0 ? url[..(end + 1)] : url;

    static DynamicParameters Busy(IEnumerable<string> receivers)
    {
        var names = receivers.Concat(Enumerable.Repeat("", MostBusy)).Take(MostBusy).ToArray();
        var parameters = new DynamicParameters();
        for (var i = 0; i < MostBusy; i++)
        {
            parameters.Add($"busy{i}", names[i]);
        }

        return parameters;
    }
}

/// <summary>Every statement on webhooks.</summary>
sealed class OutboxSql(SqlDialect dialect)
{
    // One slow receiver with many webhooks must not hold up those of others.
    static readonly string NotBusy = string.Join(" AND ", Enumerable.Range(0, Outbox.MostBusy)
        .Select(i => $"(@busy{i} = '' OR substr(url, 1, length(@busy{i})) <> @busy{i})"));

    /// <summary>One message for one end of a job, if it is to be told anybody.</summary>
    public static string Insert(SqlDialect dialect) => $"""
        INSERT INTO webhooks (id, job_id, type, url, state, attempts, due_at, created_at)
        SELECT @message, id, @type, webhook_url, 'pending', 0, {dialect.Now}, {dialect.Now} FROM jobs WHERE id = @id AND webhook_url IS NOT NULL
        ON CONFLICT (job_id, type) DO NOTHING
        """;

    public string TakeDue { get; } = $"""
        UPDATE webhooks SET attempts = attempts + 1, due_at = {dialect.Now} + @leaseMs
        WHERE id = (SELECT id FROM webhooks WHERE state = 'pending' AND due_at <= {dialect.Now} AND {NotBusy} ORDER BY due_at LIMIT 1 {dialect.SkipLocked})
        RETURNING id, job_id AS JobId, type, url, CAST(attempts - 1 AS BIGINT) AS Attempts, created_at AS CreatedAt, {dialect.Now} - created_at AS AgeMs
        """;

    public string Settle { get; } = $"""
        UPDATE webhooks SET state = @state, due_at = {dialect.Now} + @delayMs
        WHERE id = @id AND state = 'pending' AND (attempts = @attempts OR @state = 'delivered')
        """;

    public string InsertAttempt { get; } = $"""
        INSERT INTO webhook_attempts (webhook_id, number, created_at, status, error, duration_ms)
        SELECT @id, count(*) + 1, {dialect.Now}, @status, @error, @durationMs FROM webhook_attempts WHERE webhook_id = @id
        """;

    public string Log { get; } = """
        SELECT a.webhook_id, w.type, a.number, a.created_at, a.status, a.error, a.duration_ms, w.state, w.due_at
        FROM webhook_attempts a JOIN webhooks w ON w.id = a.webhook_id WHERE w.job_id = @jobId ORDER BY a.created_at, a.number
        """;

    public string NextDue { get; } = $"SELECT min(due_at) - {dialect.Now} FROM webhooks WHERE state = 'pending' AND {NotBusy}";
}
