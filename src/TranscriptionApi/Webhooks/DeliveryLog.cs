using TranscriptionApi.Jobs.Store;

namespace TranscriptionApi.Webhooks;

/// <summary>What became of every attempt to tell the end of a job; what receivers answered is neither read nor kept.</summary>
sealed class DeliveryLog(Outbox outbox)
{
    /// <summary>The attempts so far, oldest first.</summary>
    public async Task<DeliveryList> ReadAsync(string job, CancellationToken cancellation)
    {
        var attempts = await outbox.LogAsync(job, cancellation);
        return new DeliveryList("list", [.. attempts.Select((attempt, index) => Delivery.Of(attempt, isLatest: index == attempts.Count - 1))], HasMore: false);
    }
}

/// <summary>The delivery log of a job. A job has few enough attempts for one page.</summary>
sealed record DeliveryList(string Object, IReadOnlyList<Delivery> Data, bool HasMore);

/// <summary>One attempt at a delivery.</summary>
/// <param name="Object">Always "audio.transcription.delivery".</param>
/// <param name="Id">The header webhook-id, the same in every attempt.</param>
/// <param name="Type">Type of the event.</param>
/// <param name="Attempt">Number of the attempt, from 1.</param>
/// <param name="CreatedAt">When it was over, in seconds since 1970.</param>
/// <param name="StatusCode">HTTP status of the answer; null when there was none.</param>
/// <param name="Error">Why there was no answer, one of <see cref="WebhookFault.All"/>; null when there was one.</param>
/// <param name="DurationMs">How long it took.</param>
/// <param name="NextAttemptAt">When it is tried again, in seconds since 1970; null when it is not, and of all attempts but the latest.</param>
sealed record Delivery(
    string Object, string Id, string Type, int Attempt, long CreatedAt, int? StatusCode, string? Error, long DurationMs, long? NextAttemptAt)
{
    public static Delivery Of(WebhookAttempt attempt, bool isLatest) => new(
        "audio.transcription.delivery",
        attempt.WebhookId,
        attempt.Type,
        attempt.Number,
        attempt.CreatedAt / 1000,
        attempt.Status,
        attempt.Error,
        attempt.DurationMs,
        isLatest && attempt.State == "pending" ? attempt.DueAt / 1000 : null);
}
