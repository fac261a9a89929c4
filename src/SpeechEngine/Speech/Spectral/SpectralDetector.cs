using System.Collections.Concurrent;
using SpeechEngine.Kernels;

namespace SpeechEngine.Speech.Spectral;

/// <summary>
/// Speech detection without a model file: a small fitted network over what a frame of 20 ms and those around it sound like. It is told how far
/// bands rise above the background, how periodic the sound is and how its pitch moves, so level and noise matter little, and it has learnt
/// how a voice differs from noise, tones, music, hum and clicks.
/// <para>
/// A recording is worked through in minutes, each with what must be known before and after it, in scratch of a fixed size.
/// </para>
/// </summary>
sealed unsafe class SpectralDetector : ISpeechDetector
{
    const int Step = 160;
    const int StepsPerFrame = SpectralFrames.Hop / Step;

    // Frames decided at once, and what must be known on both sides of them: 2 s for the background, as much again for the network.
    const int Core = 3000;
    const int Around = 200;
    const int Span = Core + (2 * Around);

    readonly ConcurrentBag<Scratch> _idle = [];
    readonly SpectralFrames _frames = new();
    readonly AlignedBuffer _numbers = AlignedBuffer.ForFloats(SpeechNetwork.Numbers);
    volatile bool _disposed;

    public SpectralDetector() => SpeechNumbers.All.CopyTo(new Span<float>(_numbers.Floats, SpeechNetwork.Numbers));

    /// <inheritdoc/>
    public SpeechProbabilities Detect(ReadOnlySpan<float> samples, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var steps = new float[(int)((samples.Length + (long)Step - 1) / Step)];
        var total = (steps.Length + StepsPerFrame - 1) / StepsPerFrame;
        var scratch = _idle.TryTake(out var idle) ? idle : new Scratch();
        try
        {
            for (var core = 0; core < total; core += Core)
            {
                cancellation.ThrowIfCancellationRequested();
                var first = Math.Max(core - Around, 0);
                var probabilities = Compute(samples, first, Math.Min(core + Core + Around, total) - first, scratch);
                var end = Math.Min((core + Core) * StepsPerFrame, steps.Length);
                for (var step = core * StepsPerFrame; step < end; step++)
                {
                    steps[step] = probabilities[(step / StepsPerFrame) - first];
                }
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

        return new SpeechProbabilities(steps, Step);
    }

    /// <summary>Frees everything; no call may be running.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            FreeIdle();
            _frames.Dispose();
            _numbers.Dispose();
        }
    }

    float* Compute(ReadOnlySpan<float> samples, int first, int frames, Scratch scratch)
    {
        var stride = SpeechNetwork.Stride(frames);
        _frames.Compute(samples, first, frames, scratch.Work.Floats, scratch.Values.Floats);
        SpeechFeatures.Compute(scratch.Values.Floats, frames, scratch.Work.Floats, scratch.Features.Floats, stride);
        SpeechNetwork.Compute(_numbers.Floats, scratch.Features.Floats, stride, frames, scratch.Work.Floats, scratch.Probabilities.Floats);
        return scratch.Probabilities.Floats;
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
        public AlignedBuffer Work { get; } = AlignedBuffer.ForFloats(
            Math.Max(Math.Max(SpectralFrames.WorkFloats, SpeechFeatures.WorkFloats(Span)), SpeechNetwork.WorkFloats(Span)));

        public AlignedBuffer Values { get; } = AlignedBuffer.ForFloats(Span * SpectralFrames.Values);

        public AlignedBuffer Features { get; } = AlignedBuffer.ForFloats(SpeechNetwork.Stride(Span) * SpeechFeatures.Count);

        public AlignedBuffer Probabilities { get; } = AlignedBuffer.ForFloats(SpeechNetwork.Stride(Span));

        public void Dispose()
        {
            foreach (var buffer in (ReadOnlySpan<AlignedBuffer>)[Work, Values, Features, Probabilities])
            {
                buffer.Dispose();
            }
        }
    }
}
