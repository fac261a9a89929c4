using System.Collections.Concurrent;
using SpeechEngine.Kernels;

namespace SpeechEngine.Speech.Spectral;

/// <summary>
/// Speech detection without a model. A frame of 10 ms is speech when it is louder than the background in enough bands, and
/// when around it something is heard that only a voice does: periodic sound over many bands whose balance keeps changing.
/// Noise is not periodic, tones and hum are narrow or steady, a tune changes only where a note begins, a click is over at once.
/// <para>
/// The background of a band is its quietest tenth of a second within two seconds on either side, so it follows any level and knows what
/// comes. A recording is worked through in minutes with that much before and after, in scratch of a fixed size.
/// </para>
/// </summary>
sealed unsafe class SpectralDetector : ISpeechDetector
{
    // Frames decided at once, and what must be known on both sides of them.
    const int Core = 6000;
    const int Around = 320;
    const int Span = Core + (2 * Around);
    const int Bands = SpectralFrames.Bands;

    readonly ConcurrentBag<Scratch> _idle = [];
    readonly SpectralFrames _frames = new();
    volatile bool _disposed;

    /// <inheritdoc/>
    public SpeechProbabilities Detect(ReadOnlySpan<float> samples, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var values = new float[(int)((samples.Length + (long)SpectralFrames.Hop - 1) / SpectralFrames.Hop)];
        var scratch = _idle.TryTake(out var idle) ? idle : new Scratch();
        try
        {
            for (var core = 0; core < values.Length; core += Core)
            {
                cancellation.ThrowIfCancellationRequested();
                var first = Math.Max(core - Around, 0);
                var frames = Math.Min(core + Core + Around, values.Length) - first;
                _frames.Compute(samples, first, frames, scratch.Work.Floats, scratch.Levels.Floats, scratch.Periodicity.Floats, scratch.Likeness.Floats);
                SpeechEvidence.Decide(scratch.Levels.Floats, scratch.Periodicity.Floats, scratch.Likeness.Floats, frames, scratch.Evidence.Floats, scratch.Probabilities);
                scratch.Probabilities.AsSpan(core - first, Math.Min(Core, values.Length - core)).CopyTo(values.AsSpan(core));
            }
        }
        finally
        {
            _idle.Add(scratch);
            if (_disposed)
            {
                FreeIdle();
            }
        }

        return new SpeechProbabilities(values, SpectralFrames.Hop);
    }

    /// <summary>Frees everything; no call may be running.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            FreeIdle();
            _frames.Dispose();
        }
    }

    void FreeIdle()
    {
        while (_idle.TryTake(out var scratch))
        {
            scratch.Dispose();
        }
    }

    /// <summary>Everything one call works in.</summary>
    sealed class Scratch : IDisposable
    {
        public AlignedBuffer Work { get; } = AlignedBuffer.ForFloats(SpectralFrames.WorkFloats);

        public AlignedBuffer Levels { get; } = AlignedBuffer.ForFloats(Span * Bands);

        public AlignedBuffer Periodicity { get; } = AlignedBuffer.ForFloats(Span);

        public AlignedBuffer Likeness { get; } = AlignedBuffer.ForFloats(Span);

        public AlignedBuffer Evidence { get; } = AlignedBuffer.ForFloats(SpeechEvidence.WorkFloats(Span));

        public float[] Probabilities { get; } = new float[Span];

        public void Dispose()
        {
            foreach (var buffer in (ReadOnlySpan<AlignedBuffer>)[Work, Levels, Periodicity, Likeness, Evidence])
            {
                buffer.Dispose();
            }
        }
    }
}
