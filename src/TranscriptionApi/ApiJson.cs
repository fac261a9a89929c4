using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using TranscriptionApi.Catalog;
using TranscriptionApi.Errors;
using TranscriptionApi.Health;
using TranscriptionApi.Jobs.Routes;
using TranscriptionApi.Transcriptions.Formats;
using TranscriptionApi.Webhooks;

namespace TranscriptionApi;

/// <summary>Source-generated JSON of every type on the wire: compact, snake_case, text as UTF-8 rather than \u escapes.</summary>
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(JsonTranscript))]
[JsonSerializable(typeof(VerboseTranscript))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(HealthReport))]
[JsonSerializable(typeof(WebhookEvent))]
[JsonSerializable(typeof(JobBody))]
[JsonSerializable(typeof(JobList))]
[JsonSerializable(typeof(JobDeleted))]
[JsonSerializable(typeof(SegmentEvent))]
[JsonSerializable(typeof(DeliveryList))]
sealed partial class ApiJson : JsonSerializerContext
{
    public static ApiJson Wire { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
