namespace SpeechEngine.Audio;

/// <summary>A recording whose channels are kept apart: one <see cref="PcmAudio"/> each, all of the same length.</summary>
public sealed class MultichannelAudio : IDisposable
{
    /// <summary>Takes over <paramref name="channels"/>, which are freed with this object.</summary>
    /// <exception cref="ArgumentException">There is no channel, or their lengths differ.</exception>
    public MultichannelAudio(IReadOnlyList<PcmAudio> channels)
    {
        if (channels.Select(channel => channel.SampleCount).Distinct().Count() != 1)
        {
            throw new ArgumentException("A recording has at least one channel, and all are of the same length.", nameof(channels));
        }

        Channels = channels;
    }

    /// <summary>The channels in the file's order, at least one.</summary>
    public IReadOnlyList<PcmAudio> Channels { get; }

    /// <summary>Length in time, the same for every channel.</summary>
    public TimeSpan Duration => Channels[0].Duration;

    /// <summary>Frees the samples of all channels.</summary>
    public void Dispose()
    {
        foreach (var channel in Channels)
        {
            channel.Dispose();
        }
    }
}
