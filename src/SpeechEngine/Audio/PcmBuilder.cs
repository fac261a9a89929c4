using System.Runtime.InteropServices;

namespace SpeechEngine.Audio;

/// <summary>
/// Samples on their way to a <see cref="PcmAudio"/>: native memory that grows, and the one place that holds the length limit.
/// One of several <c>channels</c> says so when it refuses, because its limit is only a share of the configured one.
/// </summary>
sealed unsafe class PcmBuilder(int maxSamples, int channels = 1) : IDisposable
{
    const int FirstCapacity = PcmAudio.SampleRate * 4;

    float* _samples;
    int _capacity;

    public int SampleCount { get; private set; }

    public int MaxSamples => maxSamples;

    /// <summary>Makes room for exactly <paramref name="sampleCount"/> samples in all; growing beyond is still possible.</summary>
    /// <exception cref="InvalidAudioException">That is more than the limit.</exception>
    public void Reserve(long sampleCount)
    {
        if (sampleCount > maxSamples)
        {
            throw AudioErrors.TooLong(maxSamples, channels);
        }

        if (sampleCount > _capacity)
        {
            Resize((int)sampleCount);
        }
    }

    /// <exception cref="InvalidAudioException">The limit is exceeded.</exception>
    public void Append(ReadOnlySpan<float> samples)
    {
        var needed = (long)SampleCount + samples.Length;
        if (needed > _capacity)
        {
            Reserve(needed);
            Resize((int)Math.Min(Math.Max(needed * 2, FirstCapacity), maxSamples));
        }

        samples.CopyTo(new Span<float>(_samples + SampleCount, samples.Length));
        SampleCount += samples.Length;
    }

    /// <summary>Hands the samples over, without the spare room; the builder is empty afterwards.</summary>
    public PcmAudio ToAudio()
    {
        Resize(SampleCount);
        var audio = new PcmAudio(_samples, SampleCount);
        Forget();
        return audio;
    }

    public void Dispose()
    {
        NativeMemory.Free(_samples);
        Forget();
        GC.SuppressFinalize(this);
    }

    ~PcmBuilder() => NativeMemory.Free(_samples);

    void Resize(int capacity)
    {
        _samples = (float*)NativeMemory.Realloc(_samples, (nuint)Math.Max(capacity, 1) * sizeof(float));
        _capacity = capacity;
    }

    void Forget()
    {
        _samples = null;
        _capacity = 0;
        SampleCount = 0;
    }
}
