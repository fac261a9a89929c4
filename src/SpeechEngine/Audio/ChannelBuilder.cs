namespace SpeechEngine.Audio;

/// <summary>
/// The channels of a file on their way to a <see cref="MultichannelAudio"/>: a <see cref="PcmBuilder"/> each. The length limit
/// counts the samples of all channels together, so that a file takes no more memory apart than one channel of the longest length.
/// </summary>
sealed class ChannelBuilder(int maxSamples) : IDisposable
{
    PcmBuilder[] _channels = [];
    float[] _one = [];

    public int SampleCount => _channels is [var first, ..] ? first.SampleCount : 0;

    public int MaxSamples => maxSamples;

    /// <summary>A builder per channel; none before <see cref="Begin"/>.</summary>
    public IReadOnlyList<PcmBuilder> Channels => _channels;

    /// <summary>Says how many channels there are; before anything else, and once.</summary>
    public void Begin(int channels) =>
        _channels = [.. Enumerable.Range(0, channels).Select(_ => new PcmBuilder(maxSamples / channels, channels))];

    /// <summary>Appends whole frames, in each a sample of every channel in turn.</summary>
    /// <exception cref="InvalidAudioException">The limit is exceeded.</exception>
    public void AppendInterleaved(ReadOnlySpan<float> frames)
    {
        var count = frames.Length / _channels.Length;
        if (_one.Length < count)
        {
            _one = new float[count];
        }

        var one = _one.AsSpan(0, count);
        for (var channel = 0; channel < _channels.Length; channel++)
        {
            Wav.WavSamples.ToChannel(frames, channel, _channels.Length, one);
            _channels[channel].Append(one);
        }
    }

    /// <summary>Hands the channels over, one only when all are the same sound; the builder is empty afterwards.</summary>
    public MultichannelAudio ToAudio()
    {
        var audio = _channels.Select(channel => channel.ToAudio()).ToList();
        if (audio.Skip(1).All(other => SameSound.Is(audio[0].Samples, other.Samples)))
        {
            audio.Skip(1).ToList().ForEach(same => same.Dispose());
            audio.RemoveRange(1, audio.Count - 1);
        }

        return new MultichannelAudio(audio);
    }

    public void Dispose()
    {
        foreach (var channel in _channels)
        {
            channel.Dispose();
        }
    }
}
