using SpeechEngine.Audio;

namespace SpeechEngine.Channels;

/// <summary>The transcripts of a recording's channels as one.</summary>
/// <param name="Segments">What was said, in order of time; every segment knows its channel.</param>
/// <param name="Dropped">What was left out, in order of time: by the channels themselves, and echoes of other channels.</param>
public sealed record MergedChannels(IReadOnlyList<Segment> Segments, IReadOnlyList<DroppedSegment> Dropped);

/// <summary>Puts the transcripts of channels that are a speaker each (the two sides of a call) together in order of time.</summary>
public static class ChannelMerge
{
    /// <summary>
    /// Merges by start time. What starts at the same time keeps the order of the channels, and segments of one channel stay in
    /// theirs. What is heard on a channel only as an echo of another is dropped (see <see cref="DropReasons.Echo"/>).
    /// </summary>
    /// <param name="audio">The recording.</param>
    /// <param name="windows">The windows of every channel of <paramref name="audio"/>, in the order of its channels.</param>
    /// <exception cref="ArgumentException">There are more or fewer lists of windows than channels.</exception>
    public static MergedChannels Merge(MultichannelAudio audio, IReadOnlyList<IReadOnlyList<WindowTranscript>> windows)
    {
        if (windows.Count != audio.Channels.Count)
        {
            throw new ArgumentException($"{windows.Count} transcripts for {audio.Channels.Count} channels.", nameof(windows));
        }

        // Sorting is stable.
        var segments = windows
            .SelectMany((channel, number) => channel.SelectMany(window => window.Segments).Select(segment => segment with { Channel = number }))
            .OrderBy(segment => segment.Start)
            .ToList();
        var dropped = windows
            .SelectMany((channel, number) => channel.SelectMany(window => window.Dropped).Select(drop => drop with { Segment = drop.Segment with { Channel = number } }))
            .ToList();
        if (audio.Channels.Count > 1)
        {
            EchoDetection.Drop(audio, segments, dropped);
        }

        return new MergedChannels(segments, [.. dropped.OrderBy(drop => drop.Segment.Start)]);
    }
}
