using System.Collections.Concurrent;
using SpeechEngine.Kernels;
using SpeechEngine.Loading;
using SpeechEngine.Model;

namespace SpeechEngine.Speech.Silero;

/// <summary>
/// Silero's speech detection network (versions 5 and 6), as whisper.cpp runs it: a spectrum of four frames per window of 512 samples,
/// four convolutions, a memory cell that carries on from window to window, and one output. Each window is reflected at its
/// own ends: whisper.cpp does not show the network the 64 samples before, as Silero's Python package does.
/// <para>
/// Everything but the memory cell is done for a batch of windows at a time. All windows of a batch lie behind each other with one frame
/// of zeros between them, which is the end of one and the beginning of the next: a convolution is then one product with overlapping rows.
/// </para>
/// <para>
/// ggml rounds what goes into a convolution to binary16. The network has no need of it, but with it the probabilities agree to 1e-4 instead
/// of 1e-3, which shows that everything else is right.
/// </para>
/// </summary>
sealed unsafe class SileroDetector : ISpeechDetector
{
    /// <summary>Samples per probability.</summary>
    public const int Window = 512;

    /// <summary>Samples per frame of the spectrum.</summary>
    public const int Basis = 256;

    /// <summary>Frequencies of the spectrum.</summary>
    public const int Bins = 129;

    /// <summary>Frames a convolution looks at.</summary>
    public const int Taps = 3;

    /// <summary>Width of the memory cell.</summary>
    public const int Hidden = 128;

    const int FrameHop = 128;
    const int Reflected = 64;
    const int Frames = 4;

    // A window's frames and the zeros after them; in samples: 640 = 5 · 128, so the spectrum's rows have the same rhythm.
    const int Slots = Frames + 1;
    const int Batch = 24;
    const int SpectrumStride = 288;

    // Far beyond full scale: absurd samples must not become infinite in a square.
    const float Loudest = 1000f;

    /// <summary>Channels in and out of the convolutions.</summary>
    public static readonly (int Inputs, int Outputs)[] Layers = [(Bins, 128), (128, 64), (64, 64), (64, Hidden)];

    readonly ConcurrentBag<Scratch> _idle = [];
    readonly SileroWeights _weights;
    volatile bool _disposed;

    SileroDetector(SileroWeights weights) => _weights = weights;

    /// <summary>Loads a Silero model in ggml form.</summary>
    /// <exception cref="InvalidModelException">The file is damaged, truncated or something else.</exception>
    public static SileroDetector Load(string path) => new(SileroWeights.Load(path));

    /// <inheritdoc/>
    public SpeechProbabilities Detect(ReadOnlySpan<float> samples, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var values = new float[(samples.Length + Window - 1) / Window];
        var scratch = _idle.TryTake(out var idle) ? idle : new Scratch();
        try
        {
            scratch.Forget();
            for (var first = 0; first < values.Length; first += Batch)
            {
                cancellation.ThrowIfCancellationRequested();
                var batch = values.AsSpan(first, Math.Min(Batch, values.Length - first));
                Lay(samples, first, batch.Length, scratch.Samples.Floats);
                Encode(scratch, batch.Length);
                Decode(scratch, batch);
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

        return new SpeechProbabilities(values, Window);
    }

    /// <summary>Frees the weights; no call may be running.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            FreeIdle();
            _weights.Dispose();
        }
    }

    void FreeIdle()
    {
        while (_idle.TryTake(out var scratch))
        {
            scratch.Dispose();
        }
    }

    /// <summary>Lays windows behind each other, 64 samples reflected on either side; after the recording's end there is silence.</summary>
    static void Lay(ReadOnlySpan<float> samples, int firstWindow, int windows, float* destination)
    {
        for (var window = 0; window < windows; window++)
        {
            var target = new Span<float>(destination + (window * Slots * FrameHop), Slots * FrameHop);
            var inner = target.Slice(Reflected, Window);
            var source = samples[((firstWindow + window) * Window)..];
            source = source[..Math.Min(source.Length, Window)];
            for (var i = 0; i < source.Length; i++)
            {
                inner[i] = Rounded(Math.Clamp(source[i], -Loudest, Loudest));
            }

            inner[source.Length..].Clear();
            for (var i = 0; i < Reflected; i++)
            {
                target[i] = inner[Reflected - i];
                target[Reflected + Window + i] = inner[Window - 2 - i];
            }
        }
    }

    /// <summary>Samples → what the encoder says of each window, [windows, 128].</summary>
    void Encode(Scratch scratch, int windows)
    {
        // The last row, which would begin with the last window's end, is the zeros after it.
        var rows = (windows * Slots) - 1;
        Product(scratch.Samples.Floats, FrameHop, rows, _weights.Spectrum, scratch.Spectrum.Floats, SpectrumStride);
        Magnitudes(scratch.Spectrum.Floats, rows, scratch.Frames0.Floats);

        // 4 frames → 4. Frame 0 of each buffer is zero; a product's row begins one frame before the frame it is about.
        var frames1 = scratch.Frames1.Floats + 128;
        Product(scratch.Frames0.Floats, Bins, rows, _weights.Convolutions[0], frames1, 128);
        RectifyRounded(frames1, rows * 128);
        for (var row = Frames; row < rows; row += Slots)
        {
            new Span<float>(frames1 + (row * 128), 128).Clear();
        }

        // 4 frames → 2, into a rhythm of three: zeros, first, second.
        var frames2 = scratch.Frames2.Floats;
        Product(scratch.Frames1.Floats, Slots * 128, windows, _weights.Convolutions[1], frames2 + 64, 3 * 64);
        Product(scratch.Frames1.Floats + (2 * 128), Slots * 128, windows, _weights.Convolutions[1], frames2 + (2 * 64), 3 * 64);
        RectifyRounded(frames2, windows * 3 * 64);

        // 2 frames → 1, into a rhythm of two: zeros, frame. Then one frame with zeros on both sides.
        var frames3 = scratch.Frames3.Floats;
        Product(frames2, 3 * 64, windows, _weights.Convolutions[2], frames3 + 64, 2 * 64);
        RectifyRounded(frames3, windows * 2 * 64);
        Product(frames3, 2 * 64, windows, _weights.Convolutions[3], scratch.Encoded.Floats, Hidden);
        Rectify(scratch.Encoded.Floats, windows * Hidden);
    }

    /// <summary>The memory cell, window by window, and the output.</summary>
    void Decode(Scratch scratch, Span<float> probabilities)
    {
        const int Gates = 4 * Hidden;
        var gates = scratch.Gates.Floats;
        Product(scratch.Encoded.Floats, Hidden, probabilities.Length, _weights.Input, gates, Gates);
        var state = _weights.State.View;
        var finish = _weights.State.Finish(accumulate: true);
        for (var window = 0; window < probabilities.Length; window++, gates += Gates)
        {
            MatMul.Compute(scratch.Hidden.Floats, Hidden, 1, in state, in finish, gates, Gates);
            LstmCell.Step(gates, scratch.Cell.Floats, scratch.Hidden.Floats, Hidden);
            var sum = _weights.FinalBias;
            for (var i = 0; i < Hidden; i++)
            {
                sum += Rounded(MathF.Max(scratch.Hidden.Floats[i], 0f)) * _weights.Final.Floats[i];
            }

            probabilities[window] = 1f / (1f + MathF.Exp(-sum));
        }
    }

    static void Product(float* rows, int stride, int count, PackedMatrix matrix, float* destination, int destinationStride)
    {
        var view = matrix.View;
        var finish = matrix.Finish();
        MatMul.Compute(rows, stride, count, in view, in finish, destination, destinationStride);
    }

    /// <summary>Real and imaginary parts → magnitudes behind one frame of zeros, with zeros where a window ends.</summary>
    static void Magnitudes(float* spectrum, int rows, float* frames)
    {
        for (var row = 0; row < rows; row++)
        {
            var from = spectrum + (row * SpectrumStride);
            var to = frames + ((row + 1) * Bins);
            if (row % Slots == Frames)
            {
                new Span<float>(to, Bins).Clear();
                continue;
            }

            for (var bin = 0; bin < Bins; bin++)
            {
                to[bin] = Rounded(MathF.Sqrt((from[bin] * from[bin]) + (from[Bins + bin] * from[Bins + bin])));
            }
        }

        // The batch before may have been longer.
        new Span<float>(frames + ((rows + 1) * Bins), Bins).Clear();
    }

    static void Rectify(float* values, int count)
    {
        for (var i = 0; i < count; i++)
        {
            values[i] = MathF.Max(values[i], 0f);
        }
    }

    static void RectifyRounded(float* values, int count)
    {
        for (var i = 0; i < count; i++)
        {
            values[i] = Rounded(MathF.Max(values[i], 0f));
        }
    }

    /// <summary>The nearest value with 11 significant bits, those of binary16: what a large multiple takes out of a float's lower bits.</summary>
    static float Rounded(float value)
    {
        const float Split = (1 << 13) + 1;
        var multiple = value * Split;
        return multiple - (multiple - value);
    }

    /// <summary>Everything one call works in.</summary>
    sealed class Scratch : IDisposable
    {
        public AlignedBuffer Samples { get; } = AlignedBuffer.ForFloats(Batch * Slots * FrameHop);

        public AlignedBuffer Spectrum { get; } = AlignedBuffer.ForFloats(Batch * Slots * SpectrumStride);

        public AlignedBuffer Frames0 { get; } = AlignedBuffer.ForFloats(((Batch * Slots) + 2) * Bins);

        public AlignedBuffer Frames1 { get; } = AlignedBuffer.ForFloats(((Batch * Slots) + 2) * 128);

        public AlignedBuffer Frames2 { get; } = AlignedBuffer.ForFloats((Batch + 1) * 3 * 64);

        public AlignedBuffer Frames3 { get; } = AlignedBuffer.ForFloats((Batch + 1) * 2 * 64);

        public AlignedBuffer Encoded { get; } = AlignedBuffer.ForFloats(Batch * SileroDetector.Hidden);

        public AlignedBuffer Gates { get; } = AlignedBuffer.ForFloats(Batch * 4 * SileroDetector.Hidden);

        public AlignedBuffer Cell { get; } = AlignedBuffer.ForFloats(SileroDetector.Hidden);

        public AlignedBuffer Hidden { get; } = AlignedBuffer.ForFloats(SileroDetector.Hidden);

        /// <summary>Begins a new recording.</summary>
        public void Forget()
        {
            new Span<float>(Cell.Floats, SileroDetector.Hidden).Clear();
            new Span<float>(Hidden.Floats, SileroDetector.Hidden).Clear();
        }

        public void Dispose()
        {
            foreach (var buffer in (ReadOnlySpan<AlignedBuffer>)[Samples, Spectrum, Frames0, Frames1, Frames2, Frames3, Encoded, Gates, Cell, Hidden])
            {
                buffer.Dispose();
            }
        }
    }
}
