using TranscriptionApi.Uploads;
using TranscriptionApi.Webhooks;

namespace TranscriptionApi.Transcriptions.Fields;

/// <summary>How the answer comes: now or later, with what beside it, and who is told.</summary>
static class JobFields
{
    const string Background = "background";

    public static IEnumerable<FormField> Fields => [new(Background, "boolean"), new(Metadata.Field, "string"), new(WebhookUrls.Field, "string")];

    /// <summary>Nobody waits on the line.</summary>
    public static bool IsBackground(FieldValues form) => form.Single(Background) is { } text && FieldValue.Flag(Background, text);
}
