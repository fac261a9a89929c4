using SpeechEngine.Features;
using SpeechEngine.Kernels;
using SpeechEngine.Model;

namespace SpeechEngine.Decoding;

/// <summary>Everything one transcription writes while it runs. Allocated once, used by one call at a time, then by the next.</summary>
sealed unsafe class DecodingState : IDisposable
{
    public DecodingState(WhisperModel model, WorkerPool pool)
    {
        var shape = model.Dimensions;
        Model = model;
        Pool = pool;
        Scratch = new Scratch(shape, pool.Threads);
        Sequences = new SequenceMemory(shape);
        Cross = new KeyValueCache(shape.TextLayers, shape.TextHeads, shape.TextHeadSize, shape.AudioContext);
        Encoder = new AudioEncoder(shape, model.Weights, pool);
        Decoder = new TextDecoder(shape, model.Weights, pool);
        Hypotheses = NewHypotheses(DecodingOptions.MostSequences);
        Best = NewHypotheses(1)[0];
        Beams = new BeamSearch(this);
    }

    public WhisperModel Model { get; }

    public WorkerPool Pool { get; }

    public Scratch Scratch { get; }

    public AudioEncoder Encoder { get; }

    public TextDecoder Decoder { get; }

    /// <summary>Keys and values of the tokens of the sequences being decoded.</summary>
    public SequenceMemory Sequences { get; }

    /// <summary>Keys and values of the window being listened to, shared by all sequences.</summary>
    public KeyValueCache Cross { get; }

    /// <summary>The rows of the next decoder step.</summary>
    public DecoderRow[] Rows { get; } = new DecoderRow[Scratch.MaxDecoderRows];

    /// <summary>The tokens the window's context consists of.</summary>
    public int[] Context { get; } = new int[Scratch.MaxDecoderRows];

    /// <summary>The texts being followed; sequence i of <see cref="Sequences"/> belongs to number i.</summary>
    public Hypothesis[] Hypotheses { get; }

    /// <summary>The text that was chosen for the window.</summary>
    public Hypothesis Best { get; }

    public BeamSearch Beams { get; }

    /// <summary>One row of the last step's logits, [vocabulary].</summary>
    public Span<float> Logits(int row) =>
        new(LogitRow(row), Model.Dimensions.Vocabulary);

    /// <summary>Where one row of the last step's logits begins.</summary>
    public float* LogitRow(int row) => Scratch.Logits.Floats + ((long)row * Scratch.LogitStride);

    /// <summary>A row of one of this state's sequences.</summary>
    public void SetRow(int index, int token, int position, bool wantsLogits, int sequence = 0) => Rows[index] = new DecoderRow
    {
        Token = token,
        Position = position,
        Self = Sequences[sequence],
        Cross = Cross,
        WantsLogits = wantsLogits,
    };

    /// <summary>
    /// Fills the mel window. Loudness is limited relative to the whole recording, so a recording of several windows is
    /// gone through once for its loudest value: cheaper than keeping a spectrogram that grows with its length.
    /// </summary>
    /// <param name="loudest">The recording's loudest value, whichever window comes first; found and set when it is not a number.</param>
    public void ComputeMel(ReadOnlySpan<float> samples, int seek, ref float loudest, CancellationToken cancellation)
    {
        const int Frames = ModelDimensions.WindowFrames;
        var spectrogram = Model.Spectrogram;
        var mels = Model.Dimensions.Mels;
        var window = Scratch.Mel.Floats + mels;
        var frames = MelSpectrogram.FrameCount(samples.Length);
        if (float.IsNaN(loudest) && (frames > Frames || seek > 0))
        {
            loudest = float.NegativeInfinity;
            for (var first = 0; first < frames; first += Frames)
            {
                cancellation.ThrowIfCancellationRequested();
                loudest = MathF.Max(loudest, spectrogram.LogPowers(samples, first, Frames, Pool, Scratch.MelWork.Floats, window));
            }
        }

        var largest = spectrogram.LogPowers(samples, seek, Frames, Pool, Scratch.MelWork.Floats, window);
        loudest = float.IsNaN(loudest) ? largest : loudest;
        MelSpectrogram.Normalise(window, Frames * mels, loudest);
    }

    /// <summary>Feeds the first <paramref name="rows"/> of <see cref="Rows"/>.</summary>
    /// <returns>Number of rows of logits.</returns>
    public int Step(int rows, CancellationToken cancellation) => Decoder.Step(Rows.AsSpan(0, rows), Scratch, cancellation);

    public void Dispose()
    {
        Scratch.Dispose();
        Sequences.Dispose();
        Cross.Dispose();
    }

    Hypothesis[] NewHypotheses(int count) =>
        [.. Enumerable.Range(0, count).Select(_ => new Hypothesis(Model.Vocabulary, Model.Dimensions.TextContext))];
}
