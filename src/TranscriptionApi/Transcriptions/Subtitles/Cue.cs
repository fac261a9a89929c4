using SpeechEngine;

namespace TranscriptionApi.Transcriptions.Subtitles;

/// <summary>What a subtitle file shows from <paramref name="Start"/> to <paramref name="End"/>.</summary>
/// <param name="Start">First moment within the audio.</param>
/// <param name="End">Last moment, never before the start.</param>
/// <param name="Lines">The lines from top to bottom.</param>
public sealed record Cue(TimeSpan Start, TimeSpan End, IReadOnlyList<string> Lines)
{
    /// <summary>Channel that is heard, counted from 0, when channels were transcribed one by one.</summary>
    public int? Channel { get; init; }

    /// <summary>The cues of a transcript in order of time: one per segment, or as <paramref name="shape"/> has it.</summary>
    /// <param name="segments">Segments in order of time; with their words the cues keep time with the speaker, without them times are estimated.</param>
    /// <param name="shape">How cues are cut; null takes every segment as it is.</param>
    /// <param name="duration">Length of the audio, up to which the last cue may stay.</param>
    public static IEnumerable<Cue> Of(IReadOnlyList<Segment> segments, SubtitleShape? shape, TimeSpan duration) => shape is null
        ? segments.Select(segment => new Cue(segment.Start, segment.End, [segment.Text]) { Channel = segment.Channel })
        : segments.SelectMany((segment, i) => CueCutter.Cut(segment, NextStart(segments, i, duration), shape));

    // People on different channels may speak at the same time; one of them alone cannot.
    static TimeSpan NextStart(IReadOnlyList<Segment> segments, int index, TimeSpan duration)
    {
        for (var i = index + 1; i < segments.Count; i++)
        {
            if (segments[i].Channel == segments[index].Channel && !string.IsNullOrWhiteSpace(segments[i].Text))
            {
                return segments[i].Start;
            }
        }

        return duration > segments[index].End ? duration : segments[index].End;
    }
}
