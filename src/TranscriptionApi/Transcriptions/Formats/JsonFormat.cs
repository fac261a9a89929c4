using System.Text.Json;
using System.Text.Json.Serialization;

namespace TranscriptionApi.Transcriptions.Formats;

/// <summary>The text and nothing else: {"text":"...","usage":{...}}.</summary>
static class JsonFormat
{
    public static string Write(Transcript transcript) =>
        JsonSerializer.Serialize(new JsonTranscript(transcript.Text, Usage.Of(transcript)), ApiJson.Wire.JsonTranscript);
}

sealed record JsonTranscript(string Text, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Usage? Usage);
