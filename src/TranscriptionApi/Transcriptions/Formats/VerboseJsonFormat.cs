using System.Text.Json;
using System.Text.Json.Serialization;
using SpeechEngine;
using SpeechEngine.Decoding;

namespace TranscriptionApi.Transcriptions.Formats;

/// <summary>
/// The text with its segments or words, language and duration, as OpenAI has it; after "usage" comes what OpenAI does not tell.
/// Times are rounded to milliseconds.
/// </summary>
static class VerboseJsonFormat
{
    // Less likely languages would only be a hundred lines of noise.
    const double LeastProbability = 0.001;

    public static string Write(Transcript transcript, Layout layout) =>
        JsonSerializer.Serialize(ToBody(transcript, layout), ApiJson.Wire.VerboseTranscript);

    static VerboseTranscript ToBody(Transcript transcript, Layout layout)
    {
        var isTranslation = transcript.Task == SpeechTask.Translate;
        var language = isTranslation ? "en" : transcript.Language;
        return new VerboseTranscript(
            isTranslation ? "translate" : "transcribe",
            Languages.NameOf(language),
            Seconds(transcript.Duration),
            transcript.Text,
            layout.HasSegments ? ToBody(transcript.Segments) : null,
            layout.HasWords ? [.. transcript.Segments.SelectMany(segment => segment.Words, ToBody).Where(word => word.Word.Length > 0)] : null,
            Usage.Of(transcript),
            language,
            Probabilities(transcript.LanguageProbabilities),
            transcript.Dropped.Count > 0 ? [.. transcript.Dropped.Select(VerboseDrop.Of)] : null);
    }

    static List<VerboseSegment> ToBody(IReadOnlyList<Segment> segments)
    {
        var isMixed = segments.DistinctBy(segment => segment.Language).Skip(1).Any();
        return [.. segments.Select((segment, id) => ToBody(segment, id, isMixed))];
    }

    static VerboseSegment ToBody(Segment segment, int id, bool isMixed) => new(
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
        isMixed ? segment.Language : null,
        segment.Channel);

    static VerboseWord ToBody(Segment segment, Word word) =>
        new(WordText.Bare(word.Text), Seconds(word.Start), Seconds(word.End), Math.Round(Finite(word.Probability), 4), segment.Channel);

    static Dictionary<string, double>? Probabilities(IReadOnlyList<LanguageProbability> languages) => languages.Count == 0
        ? null
        : languages.Where(row => row.Probability > LeastProbability).ToDictionary(row => row.Language, row => Math.Round(row.Probability, 4));

    internal static double Seconds(TimeSpan span) => Math.Round(span.TotalSeconds, 3);

    // JSON has no NaN or infinity, and the official clients take no null here.
    internal static double Finite(double value) => double.IsFinite(value) ? value : 0;
}

sealed record VerboseTranscript(
    string Task,
    string Language,
    double Duration,
    string Text,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<VerboseSegment>? Segments,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<VerboseWord>? Words,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Usage? Usage,
    string LanguageCode,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, double>? LanguageProbabilities,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<VerboseDrop>? DroppedSegments);

/// <summary>OpenAI's ten keys are always present and never null: the .NET client reads them as numbers without asking.</summary>
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
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Language,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Channel);

sealed record VerboseWord(
    string Word, double Start, double End, double Probability, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Channel);
