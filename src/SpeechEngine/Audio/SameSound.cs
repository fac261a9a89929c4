namespace SpeechEngine.Audio;

/// <summary>
/// Tells dual mono, one sound on several channels, from real stereo: no second of it may differ by more than what rounding and
/// lossy coding leave. Real stereo is known by its first second with sound; only dual mono is gone through to its end.
/// </summary>
static class SameSound
{
    const int BlockSamples = PcmAudio.SampleRate;

    // Mean square of the difference: 50 dB below the sound, where a second voice could not be understood anyway,
    // or two steps of 16 bits, so that rounding of next to nothing makes no second channel.
    const double RelativeLimit = 1e-5;
    const double AbsoluteLimit = 2.0 / 32_768 * (2.0 / 32_768);

    public static bool Is(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        for (var start = 0; start < x.Length; start += BlockSamples)
        {
            var count = Math.Min(BlockSamples, x.Length - start);
            if (!IsBlock(x.Slice(start, count), y.Slice(start, count)))
            {
                return false;
            }
        }

        return true;
    }

    static bool IsBlock(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        double energy = 0, difference = 0;
        for (var i = 0; i < x.Length; i++)
        {
            var apart = (double)x[i] - y[i];
            difference += apart * apart;
            energy += (double)x[i] * x[i];
        }

        return difference <= Math.Max(RelativeLimit * energy, AbsoluteLimit * x.Length);
    }
}
