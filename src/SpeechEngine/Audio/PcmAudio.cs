using System.Runtime.InteropServices;

namespace SpeechEngine.Audio;

/// <summary>
/// Samples ready for the model: 16 kHz, one channel, 32-bit float with full scale at ±1.
/// The memory is native and freed by <see cref="Dispose"/>: an hour of audio is 230 MB, which must not wait for the collector.
/// </summary>
public sealed unsafe class PcmAudio : IDisposable
{
    /// <summary>Samples per second.</summary>
    public const int SampleRate = 16_000;

    float* _samples;

    /// <summary>Reserves room for <paramref name="sampleCount"/> samples, all zero.</summary>
    public PcmAudio(int sampleCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sampleCount);
        _samples = (float*)NativeMemory.AllocZeroed((nuint)Math.Max(sampleCount, 1), sizeof(float));
        SampleCount = sampleCount;
    }

    /// <summary>Takes over memory that came from <see cref="NativeMemory"/>.</summary>
    internal PcmAudio(float* samples, int sampleCount)
    {
        _samples = samples;
        SampleCount = sampleCount;
    }

    /// <summary>Number of samples.</summary>
    public int SampleCount { get; private set; }

    /// <summary>Length in time.</summary>
    public TimeSpan Duration => TimeSpan.FromSeconds((double)SampleCount / SampleRate);

    /// <summary>The samples; the span is valid until the object is disposed.</summary>
    public Span<float> Samples
    {
        get
        {
            ObjectDisposedException.ThrowIf(_samples is null, this);
            return new Span<float>(_samples, SampleCount);
        }
    }

    /// <summary>Copies <paramref name="samples"/> into a new audio object.</summary>
    public static PcmAudio FromSamples(ReadOnlySpan<float> samples)
    {
        var audio = new PcmAudio(samples.Length);
        samples.CopyTo(audio.Samples);
        return audio;
    }

    /// <summary>Frees the samples.</summary>
    public void Dispose()
    {
        NativeMemory.Free(_samples);
        _samples = null;
        SampleCount = 0;
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the samples of an object nobody disposed.</summary>
    ~PcmAudio() => NativeMemory.Free(_samples);
}
