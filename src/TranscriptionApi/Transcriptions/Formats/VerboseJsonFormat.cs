using System.Text.Json;
using System.Text.Json.Serialization;
using SpeechEngine;
using SpeechEngine.Decoding;

namespace TranscriptionApi.Transcriptions.Formats;

/// <summary>The text with its segments, language and duration. Times are rounded to milliseconds.</summary>
static class VerboseJsonFormat
{
    public static string Write(Transcript transcript) =>
        JsonSerializer.Serialize(ToBody(transcript), ApiJson.Wire.VerboseTranscript);

    static VerboseTranscript ToBody(Transcript transcript)
    {
        var isTranslation = transcript.Task == SpeechTask.Translate;
        return new VerboseTranscript(
            isTranslation ? "translate" : "transcribe",
            isTranslation ? "english" : Languages.NameOf(transcript.Language),
            Seconds(transcript.Duration),
            transcript.Text,
            [.. transcript.Segments.Select(ToBody)],
            Usage.Of(transcript));
    }

    static VerboseSegment ToBody(Segment segment, int id) => new(
        id,
        segment.Seek,
        Seconds(segment.Start),
        Seconds(segment.End),
        segment.Text,
        segment.Tokens,
        segment.Temperature,
        Finite(segment.AverageLogProbability),
        Finite(segment.CompressionRatio),
        Finite(segment.NoSpeechProbability),
        segment.Channel);

    static double Seconds(TimeSpan span) => Math.Round(span.TotalSeconds, 3);

    // JSON has no NaN or infinity, and the official clients take no null here.
    static double Finite(double value) => double.IsFinite(value) ? value : 0;
}

sealed record VerboseTranscript(
    string Task,
    string Language,
    double Duration,
    string Text,
    IReadOnlyList<VerboseSegment> Segments,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Usage? Usage);

/// <summary>The first ten keys are always present and never null: the .NET client reads them as numbers without asking.</summary>
sealed record VerboseSegment(
    int Id,
    int Seek,
    double Start,
    double End,
    string Text,
    IReadOnlyList<int> Tokens,
    float Temperature,
    double AvgLogprob,
    double CompressionRatio,
    double NoSpeechProb,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Channel);
