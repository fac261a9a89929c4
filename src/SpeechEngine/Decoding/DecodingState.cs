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
        Scratch = new Scratch(shape, pool.Threads);
        Self = new KeyValueCache(shape.TextLayers, shape.TextHeads, shape.TextHeadSize, shape.TextContext);
        Cross = new KeyValueCache(shape.TextLayers, shape.TextHeads, shape.TextHeadSize, shape.AudioContext);
        Encoder = new AudioEncoder(shape, model.Weights, pool);
        Decoder = new TextDecoder(shape, model.Weights, pool);
        Tokens = new DecodedToken[shape.TextContext];
    }

    public WhisperModel Model { get; }

    public Scratch Scratch { get; }

    public AudioEncoder Encoder { get; }

    public TextDecoder Decoder { get; }

    /// <summary>Keys and values of the tokens of the sequence being decoded.</summary>
    public KeyValueCache Self { get; }

    /// <summary>Keys and values of the window being listened to.</summary>
    public KeyValueCache Cross { get; }

    /// <summary>The rows of the next decoder step.</summary>
    public DecoderRow[] Rows { get; } = new DecoderRow[Scratch.MaxDecoderRows];

    /// <summary>The tokens decoded in this window.</summary>
    public DecodedToken[] Tokens { get; }

    /// <summary>One row of the last step's logits, [vocabulary].</summary>
    public Span<float> Logits(int row) =>
        new(Scratch.Logits.Floats + ((long)row * Scratch.LogitStride), Model.Dimensions.Vocabulary);

    /// <summary>A row of this state's own sequence.</summary>
    public void SetRow(int index, int token, int position, bool wantsLogits) =>
        Rows[index] = new DecoderRow { Token = token, Position = position, Self = Self, Cross = Cross, WantsLogits = wantsLogits };

    public void Dispose()
    {
        Scratch.Dispose();
        Self.Dispose();
        Cross.Dispose();
    }
}
