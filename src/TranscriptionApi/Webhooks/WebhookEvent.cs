using System.Text.Json;
using TranscriptionApi.Jobs.Store;

namespace TranscriptionApi.Webhooks;

/// <summary>The body of a delivery, as OpenAI's webhooks have it: which job, and how it ended; the transcript is for its owner to fetch.</summary>
/// <param name="Id">The same in every attempt, as the header webhook-id is, so that a receiver can tell a repetition.</param>
/// <param name="Object">Always "event".</param>
/// <param name="Type">"audio.transcription." and the state: completed, failed, cancelled or expired.</param>
/// <param name="CreatedAt">When the job ended, in seconds since 1970.</param>
/// <param name="Data">The job.</param>
sealed record WebhookEvent(string Id, string Object, string Type, long CreatedAt, WebhookJob Data)
{
    public static WebhookEvent Of(DueWebhook due) =>
        new("evt_" + due.Id[(due.Id.IndexOf('_', StringComparison.Ordinal) + 1)..], "event", due.Type, due.CreatedAt / 1000, new WebhookJob(due.JobId));

    public byte[] ToBody() => JsonSerializer.SerializeToUtf8Bytes(this, ApiJson.Wire.WebhookEvent);
}

/// <summary>The job of an event.</summary>
sealed record WebhookJob(string Id);
