using SpeechEngine.Features;
using SpeechEngine.Kernels;

namespace SpeechEngine.Model;

/// <summary>
/// Every buffer that one pass through encoder or decoder writes, allocated once per state. "Worker" buffers have one part per thread
/// of the pool.
/// </summary>
sealed class Scratch : IDisposable
{
    /// <summary>Rows of one decoder step at most: the longest prompt (1 + 223 + 4 tokens), or as many sequences.</summary>
    public const int MaxDecoderRows = 256;

    /// <summary>Rows of one decoder step whose logits can be asked for at most.</summary>
    public const int MaxLogitRows = 16;

    /// <summary>Encoder rows one task takes through a whole layer: a multiple of the tile height whose hidden values stay in the cache.</summary>
    public const int EncoderChunk = 36;

    readonly List<AlignedBuffer> _all = [];
    readonly ModelDimensions _shape;
    AlignmentScratch? _alignment;

    public Scratch(ModelDimensions shape, int workers)
    {
        _shape = shape;
        var state = shape.AudioState;
        var frames = ModelDimensions.WindowFrames;
        ScoreStride = Panel.Padded(Math.Max(shape.AudioContext, shape.TextContext));
        LogitStride = Panel.Padded(shape.Vocabulary);

        // A frame of zeros before the first and after the last stands for the padding of the convolutions.
        Mel = Floats((frames + 2) * (long)shape.Mels);
        ConvOutput = Floats((frames + 2) * (long)state);
        MelWork = Floats((long)workers * MelSpectrogram.WorkFloats);
        Residual = Floats((long)shape.AudioContext * state);
        Normal = Floats((long)shape.AudioContext * state);
        QueryKeyValue = Floats((long)shape.AudioContext * 3 * state);
        Keys = Floats((long)Panel.Padded(shape.AudioContext) * state);
        Values = Floats((long)shape.AudioContext * state);
        Hidden = Floats((long)workers * EncoderChunk * 4 * state);
        Scores = Floats((long)workers * Attention.MaxRows * ScoreStride);

        TextResidual = Floats((long)MaxDecoderRows * state);
        TextNormal = Floats((long)MaxDecoderRows * state);
        TextQueryKeyValue = Floats((long)MaxDecoderRows * 3 * state);
        TextAttention = Floats((long)MaxDecoderRows * state);
        TextHidden = Floats((long)MaxDecoderRows * 4 * state);
        HalfRow = Floats((long)workers * state);
        RowGroups = Floats(MaxDecoderRows * 32L);
        Logits = Floats((long)MaxLogitRows * LogitStride);
    }

    /// <summary>[3002, mels]: the window's log-mel frames between two zero frames.</summary>
    public AlignedBuffer Mel { get; }

    /// <summary>[3002, state]: the first convolution's output between two zero frames.</summary>
    public AlignedBuffer ConvOutput { get; }

    /// <summary>Worker: folded frames, spectrum and bands of one chunk.</summary>
    public AlignedBuffer MelWork { get; }

    /// <summary>[1500, state]: the encoder's running sum, and at the end its output.</summary>
    public AlignedBuffer Residual { get; }

    /// <summary>[1500, state]: normalised rows, or the attention's output.</summary>
    public AlignedBuffer Normal { get; }

    /// <summary>[1500, 3·state].</summary>
    public AlignedBuffer QueryKeyValue { get; }

    /// <summary>[head][position / 32][head size][32].</summary>
    public AlignedBuffer Keys { get; }

    /// <summary>[head][position][head size].</summary>
    public AlignedBuffer Values { get; }

    /// <summary>Worker: [36, 4·state].</summary>
    public AlignedBuffer Hidden { get; }

    /// <summary>Worker: [12, positions].</summary>
    public AlignedBuffer Scores { get; }

    /// <summary>[256, state].</summary>
    public AlignedBuffer TextResidual { get; }

    /// <summary>[256, state].</summary>
    public AlignedBuffer TextNormal { get; }

    /// <summary>[256, 3·state].</summary>
    public AlignedBuffer TextQueryKeyValue { get; }

    /// <summary>[256, state].</summary>
    public AlignedBuffer TextAttention { get; }

    /// <summary>[256, 4·state].</summary>
    public AlignedBuffer TextHidden { get; }

    /// <summary>Worker: binary16 of one row of keys and values, [2, state].</summary>
    public AlignedBuffer HalfRow { get; }

    /// <summary>Descriptions of rows that share their keys.</summary>
    public AlignedBuffer RowGroups { get; }

    /// <summary>[16, <see cref="LogitStride"/>]: a row per wanted row of the last decoder step.</summary>
    public AlignedBuffer Logits { get; }

    /// <summary>Floats from one row of scores to the next.</summary>
    public int ScoreStride { get; }

    /// <summary>Floats from one row of logits to the next.</summary>
    public int LogitStride { get; }

    /// <summary>Buffers for placing words in time, made when that is first asked for.</summary>
    public AlignmentScratch Alignment => _alignment ??= new AlignmentScratch(_shape);

    public void Dispose()
    {
        _all.ForEach(buffer => buffer.Dispose());
        _alignment?.Dispose();
    }

    AlignedBuffer Floats(long count)
    {
        var buffer = AlignedBuffer.ForFloats(count);
        _all.Add(buffer);
        return buffer;
    }
}
