using System.Text.Json;
using System.Text.Json.Serialization;
using SpeechEngine;

namespace TranscriptionApi.Transcriptions.Formats;

/// <summary>A segment that was left out, with what spoke against it.</summary>
sealed record VerboseDrop(
    double Start,
    double End,
    string Text,
    IReadOnlyList<string> Reasons,
    double SpeechProbability,
    double AvgLogprob,
    double NoSpeechProb,
    double LoudnessDb,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Channel)
{
    // Digital silence is infinitely far below full scale, which JSON cannot say.
    const double LeastLoudness = -120;

    static readonly (DropReasons Reason, string Name)[] Names =
        [.. Enum.GetValues<DropReasons>().Where(reason => reason != DropReasons.None)
            .Select(reason => (reason, JsonNamingPolicy.SnakeCaseLower.ConvertName(reason.ToString())))];

    /// <summary>All reasons there are, as they are written.</summary>
    public static IEnumerable<string> AllReasons => Names.Select(row => row.Name);

    public static VerboseDrop Of(DroppedSegment dropped) => new(
        VerboseJsonFormat.Seconds(dropped.Segment.Start),
        VerboseJsonFormat.Seconds(dropped.Segment.End),
        dropped.Segment.Text,
        [.. Names.Where(row => dropped.Reasons.HasFlag(row.Reason)).Select(row => row.Name)],
        Math.Round(VerboseJsonFormat.Finite(dropped.SpeechProbability), 4),
        VerboseJsonFormat.Finite(dropped.Segment.AverageLogProbability),
        VerboseJsonFormat.Finite(dropped.Segment.NoSpeechProbability),
        double.IsNaN(dropped.Loudness) ? LeastLoudness : Math.Round(Math.Max(dropped.Loudness, LeastLoudness), 1),
        dropped.Segment.Channel);
}
