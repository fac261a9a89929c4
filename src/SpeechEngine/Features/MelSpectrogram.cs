using SpeechEngine.Kernels;

namespace SpeechEngine.Features;

/// <summary>
/// Log-mel spectrogram as Whisper was trained on it: frames of 25 ms (400 samples, Hann window) every 10 ms (160 samples), centred,
/// reflected at the start and followed by silence; power spectrum of 201 bins; the model's own filter bank; log10, at most 8 below
/// the loudest value of the whole recording; then (x + 4) / 4. Follows openai/whisper audio.py and whisper.cpp's log_mel_spectrogram.
/// <para>
/// The 400-point transform is done as a matrix product over frames folded by symmetry (x[n] ± x[400-n]): 200 x 201 products per part
/// run at the kernel's full speed, which beats a short transform that keeps shuffling registers.
/// </para>
/// </summary>
sealed unsafe class MelSpectrogram : IDisposable
{
    /// <summary>Samples from one frame to the next.</summary>
    public const int Hop = 160;

    const int FrameSamples = 400;
    const int Half = FrameSamples / 2;
    const int Bins = Half + 1;
    const int FoldStride = 208;
    const int BinStride = 224;
    const int MaxBands = 256;

    /// <summary>Frames one task computes.</summary>
    const int Chunk = 48;

    /// <summary>Floats of working room per thread.</summary>
    public const int WorkFloats = Chunk * ((2 * FoldStride) + (2 * BinStride) + MaxBands);

    // Whisper's floor: the logarithm of silence. The ceiling keeps absurd samples (1e30) from turning into infinities further on.
    const float LeastPower = 1e-10f;
    const float MostPower = 1e30f;
    const float Range = 8f;

    readonly AlignedBuffer _cosines;
    readonly AlignedBuffer _sines;
    readonly AlignedBuffer _filters;
    readonly AlignedBuffer _window;
    readonly int _mels;

    /// <summary>Prepares the transform.</summary>
    /// <param name="filters">[mels, 201], the model file's filter bank.</param>
    public MelSpectrogram(ReadOnlySpan<float> filters, int mels)
    {
        _mels = mels;
        _window = AlignedBuffer.ForFloats(FrameSamples);
        for (var i = 0; i < FrameSamples; i++)
        {
            _window.Floats[i] = (float)(0.5 * (1 - Math.Cos(2 * Math.PI * i / FrameSamples)));
        }

        _cosines = Panel.Floats(Bins, Bins, static (n, bin) => Math.Cos(2 * Math.PI * n * bin / FrameSamples));
        _sines = Panel.Floats(Bins, Bins, static (n, bin) => Math.Sin(2 * Math.PI * n * bin / FrameSamples));
        var bank = filters.ToArray();
        _filters = Panel.Floats(Bins, mels, (bin, mel) => bank[(mel * Bins) + bin]);
    }

    /// <summary>Frames that hold audio: what a file of <paramref name="samples"/> samples is long. whisper.cpp's count, to the frame.</summary>
    public static int FrameCount(int samples) => 1 + ((samples + Half - FrameSamples) / Hop);

    /// <summary>Where a frame begins within the recording: 10 ms each.</summary>
    public static TimeSpan TimeOf(int frame) => TimeSpan.FromMilliseconds(10L * frame);

    /// <summary>
    /// Computes the frames [<paramref name="firstFrame"/>, + <paramref name="frames"/>) before normalisation: log10 of the band powers.
    /// </summary>
    /// <param name="work">Room for <see cref="WorkFloats"/> floats per thread of the pool.</param>
    /// <param name="destination">[frames, mels].</param>
    /// <returns>The largest value.</returns>
    public float LogPowers(ReadOnlySpan<float> samples, int firstFrame, int frames, WorkerPool pool, float* work, float* destination)
    {
        fixed (float* start = samples)
        {
            var job = new Job
            {
                Samples = start,
                SampleCount = samples.Length,
                FirstFrame = firstFrame,
                Frames = frames,
                Mels = _mels,
                Window = _window.Floats,
                Cosines = View(_cosines, Bins),
                Sines = View(_sines, Bins),
                Filters = View(_filters, _mels),
                Work = work,
                Destination = destination,
                Largest = float.NegativeInfinity,
            };
            pool.Run((frames + Chunk - 1) / Chunk, &RunChunk, &job);
            return job.Largest;
        }
    }

    /// <summary>Limits the range to 8 below <paramref name="largest"/> and scales, in place.</summary>
    public static void Normalise(float* values, int count, float largest)
    {
        var least = largest - Range;
        for (var i = 0; i < count; i++)
        {
            values[i] = (MathF.Max(values[i], least) + 4f) * 0.25f;
        }
    }

    public void Dispose()
    {
        _cosines.Dispose();
        _sines.Dispose();
        _filters.Dispose();
        _window.Dispose();
    }

    static void RunChunk(void* context, int task, int worker)
    {
        var job = (Job*)context;
        var first = task * Chunk;
        var frames = Math.Min(Chunk, job->Frames - first);
        var even = job->Work + ((long)worker * WorkFloats);
        var odd = even + (Chunk * FoldStride);
        var real = odd + (Chunk * FoldStride);
        var imaginary = real + (Chunk * BinStride);
        var bands = imaginary + (Chunk * BinStride);
        for (var frame = 0; frame < frames; frame++)
        {
            Fold(job, job->FirstFrame + first + frame, even + (frame * FoldStride), odd + (frame * FoldStride));
        }

        var plain = new TileFinish { Scale = 1f };
        MatMul.Compute(even, FoldStride, frames, in job->Cosines, in plain, real, BinStride);
        MatMul.Compute(odd, FoldStride, frames, in job->Sines, in plain, imaginary, BinStride);
        for (var i = 0; i < frames * BinStride; i++)
        {
            real[i] = (real[i] * real[i]) + (imaginary[i] * imaginary[i]);
        }

        var bandStride = Panel.Padded(job->Mels);
        MatMul.Compute(real, BinStride, frames, in job->Filters, in plain, bands, bandStride);
        var largest = float.NegativeInfinity;
        for (var frame = 0; frame < frames; frame++)
        {
            var target = job->Destination + ((long)(first + frame) * job->Mels);
            for (var mel = 0; mel < job->Mels; mel++)
            {
                // Written so that what is not a number counts as silence.
                var power = bands[(frame * bandStride) + mel];
                power = power > LeastPower ? power : LeastPower;
                var value = MathF.Log10(power < MostPower ? power : MostPower);
                target[mel] = value;
                largest = MathF.Max(largest, value);
            }
        }

        RaiseTo(ref job->Largest, largest);
    }

    /// <summary>Windows one frame and adds and subtracts its mirror image: even[n] belongs to cos, odd[n] to sin, n = 0..200.</summary>
    static void Fold(Job* job, int frame, float* even, float* odd)
    {
        var start = ((long)frame * Hop) - Half;
        var edge = stackalloc float[FrameSamples];
        var samples = job->Samples + start;
        if (start < 0 || start + FrameSamples > job->SampleCount)
        {
            for (var i = 0; i < FrameSamples; i++)
            {
                edge[i] = SampleAt(job, start + i);
            }

            samples = edge;
        }

        // The periodic Hann window is symmetric: sample n and its mirror 400-n have the same weight, and sample 0 has none.
        even[0] = 0f;
        odd[0] = 0f;
        for (var n = 1; n < Half; n++)
        {
            var left = samples[n];
            var right = samples[FrameSamples - n];
            even[n] = job->Window[n] * (left + right);
            odd[n] = job->Window[n] * (left - right);
        }

        even[Half] = job->Window[Half] * samples[Half];
        odd[Half] = 0f;
    }

    // Before the start the audio is mirrored (the first sample is not repeated), after the end there is silence.
    static float SampleAt(Job* job, long index)
    {
        index = Math.Abs(index);
        return index < job->SampleCount ? job->Samples[index] : 0f;
    }

    static void RaiseTo(ref float shared, float value)
    {
        var seen = Volatile.Read(ref shared);
        while (value > seen)
        {
            var before = Interlocked.CompareExchange(ref shared, value, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    static PanelView View(AlignedBuffer panels, int columns) => PanelView.Of(PanelFormat.Float, panels.Data, Bins, columns);

    struct Job
    {
        public float* Samples;
        public int SampleCount;
        public int FirstFrame;
        public int Frames;
        public int Mels;
        public float* Window;
        public PanelView Cosines;
        public PanelView Sines;
        public PanelView Filters;
        public float* Work;
        public float* Destination;
        public float Largest;
    }
}
