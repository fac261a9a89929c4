using SpeechEngine.Audio;

namespace SpeechEngine.Channels;

/// <summary>
/// Finds what one channel only overhears of another: a microphone beside the loudspeakers picks up the far side faintly, and it
/// would be transcribed twice. A segment is an echo when another channel says the same at the same time, 10 dB louder or more.
/// </summary>
static class EchoDetection
{
    // Mean squares: 10 dB. A loudspeaker in the same room is 15 to 40 dB below the line, two people on their own microphones are not.
    const double LouderBy = 10;

    // Share of the segment that the other channel's segments must cover; the model's times are coarse and an echo comes late.
    const double LeastOverlap = 0.5;

    // Letters that may differ: a faint echo is heard less well than what it is an echo of.
    const double MostDifference = 0.25;

    // A text this short ("yes") would be found within almost any longer one, so it has to be all of the other's segment.
    const int ShortLetters = 12;

    /// <summary>Moves every echo from <paramref name="segments"/>, which are in order of time and know their channels, to <paramref name="dropped"/>.</summary>
    public static void Drop(MultichannelAudio audio, List<Segment> segments, List<DroppedSegment> dropped)
    {
        var energies = audio.Channels.Select(channel => new EnergyCurve(channel.Samples)).ToArray();
        var longest = segments.Select(segment => segment.End - segment.Start).DefaultIfEmpty().Max();
        for (var i = 0; i < segments.Count; i++)
        {
            // Only what is still there makes an echo: of two segments at least one stays, however they are alike.
            var segment = segments[i];
            if (Overlapping(segments, i, longest).GroupBy(other => other.Channel!.Value).Any(others => IsEcho(segment, [.. others], energies)))
            {
                segments.RemoveAt(i--);
                dropped.Add(new DroppedSegment
                {
                    Segment = segment,
                    Reasons = DropReasons.Echo,
                    SpeechProbability = double.NaN,
                    Loudness = EnergyCurve.Decibels(energies[segment.Channel!.Value].MeanSquare(segment.Start, segment.End)),
                });
            }
        }
    }

    static List<Segment> Overlapping(List<Segment> segments, int index, TimeSpan longest)
    {
        var segment = segments[index];
        var overlapping = new List<Segment>();
        var first = index;
        while (first > 0 && segments[first - 1].Start + longest > segment.Start)
        {
            first--;
        }

        for (var i = first; i < segments.Count && segments[i].Start < segment.End; i++)
        {
            if (segments[i].Channel != segment.Channel && segments[i].End > segment.Start)
            {
                overlapping.Add(segments[i]);
            }
        }

        return overlapping;
    }

    static bool IsEcho(Segment segment, List<Segment> others, EnergyCurve[] energies)
    {
        var shared = TimeSpan.Zero;
        double own = 0, louder = 0;
        foreach (var other in others)
        {
            var (start, end) = (Max(segment.Start, other.Start), Min(segment.End, other.End));
            shared += end - start;
            own += energies[segment.Channel!.Value].Energy(start, end);
            louder += energies[other.Channel!.Value].Energy(start, end);
        }

        return louder > 0
            && louder >= own * LouderBy
            && shared >= LeastOverlap * (segment.End - segment.Start)
            && SaysTheSame(Letters(segment.Text), others);
    }

    static bool SaysTheSame(string text, List<Segment> others)
    {
        if (text.Length == 0)
        {
            return false;
        }

        var most = (int)(text.Length * MostDifference);
        return text.Length < ShortLetters
            ? others.Any(other => EditDistance.Whole(text, Letters(other.Text)) <= most)
            : EditDistance.Within(text, string.Concat(others.Select(other => Letters(other.Text)))) <= most;
    }

    static string Letters(string text) => string.Concat(text.Where(char.IsLetterOrDigit)).ToUpperInvariant();

    static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
