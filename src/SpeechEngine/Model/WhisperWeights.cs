using SpeechEngine.Kernels;
using SpeechEngine.Loading;

namespace SpeechEngine.Model;

/// <summary>Gain and bias of a layer normalisation, [state] each.</summary>
sealed record NormWeights(AlignedBuffer Gain, AlignedBuffer Bias);

/// <summary>One layer of encoder or decoder; the cross-attention part is null in the encoder.</summary>
sealed record BlockWeights
{
    public required NormWeights AttentionNorm { get; init; }

    /// <summary>state → query, key, value, [state, 3·state].</summary>
    public required PackedMatrix QueryKeyValue { get; init; }

    public required PackedMatrix AttentionOut { get; init; }

    public required CrossWeights? Cross { get; init; }

    public required NormWeights MlpNorm { get; init; }

    /// <summary>state → 4·state.</summary>
    public required PackedMatrix MlpUp { get; init; }

    /// <summary>4·state → state.</summary>
    public required PackedMatrix MlpDown { get; init; }
}

/// <summary>The decoder's attention over the encoder's output.</summary>
/// <param name="KeyValue">Encoder output → key, value, [state, 2·state].</param>
sealed record CrossWeights(NormWeights Norm, PackedMatrix Query, PackedMatrix KeyValue, PackedMatrix Out);

/// <summary>Every tensor of a Whisper network, packed for the kernels. Read-only after loading; all states share it.</summary>
sealed class WhisperWeights : IDisposable
{
    readonly List<IDisposable> _owned = [];

    /// <summary>Three frames of mel → state, as a product: [3·mels, state].</summary>
    public PackedMatrix Conv1 { get; private set; } = null!;

    /// <summary>Three frames of state → state, stride 2: [3·state, state].</summary>
    public PackedMatrix Conv2 { get; private set; } = null!;

    /// <summary>[1500, state].</summary>
    public AlignedBuffer EncoderPositions { get; private set; } = null!;

    public BlockWeights[] EncoderBlocks { get; private set; } = [];

    public NormWeights EncoderNorm { get; private set; } = null!;

    /// <summary>[text context, state].</summary>
    public AlignedBuffer DecoderPositions { get; private set; } = null!;

    /// <summary>state → vocabulary; its columns are also the tokens' embeddings.</summary>
    public PackedMatrix TokenEmbedding { get; private set; } = null!;

    public BlockWeights[] DecoderBlocks { get; private set; } = [];

    public NormWeights DecoderNorm { get; private set; } = null!;

    /// <summary>Bytes of all weights in memory.</summary>
    public long Bytes { get; private set; }

    /// <summary>Reads and packs all tensors.</summary>
    /// <exception cref="InvalidModelException">A tensor is missing, unknown or of the wrong shape.</exception>
    public static WhisperWeights Load(ModelFile file)
    {
        var weights = new WhisperWeights();
        try
        {
            weights.Read(new TensorSource(file));
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var buffer in _owned)
        {
            buffer.Dispose();
        }
    }

    void Read(TensorSource source)
    {
        var shape = source.File.Dimensions;
        var state = shape.AudioState;
        Conv1 = Own(source.Convolution("encoder.conv1", shape.Mels, state));
        Conv2 = Own(source.Convolution("encoder.conv2", state, state));
        EncoderPositions = Own(source.Vector("encoder.positional_embedding", state, shape.AudioContext));
        EncoderBlocks = [.. Enumerable.Range(0, shape.AudioLayers).Select(i => ReadBlock(source, $"encoder.blocks.{i}.", state, cross: false))];
        EncoderNorm = ReadNorm(source, "encoder.ln_post", state);

        DecoderPositions = Own(source.Vector("decoder.positional_embedding", state, shape.TextContext));
        TokenEmbedding = Own(source.Matrix("decoder.token_embedding", state, shape.Vocabulary, bias: false));
        DecoderBlocks = [.. Enumerable.Range(0, shape.TextLayers).Select(i => ReadBlock(source, $"decoder.blocks.{i}.", state, cross: true))];
        DecoderNorm = ReadNorm(source, "decoder.ln", state);
        source.ExpectAllUsed();
    }

    BlockWeights ReadBlock(TensorSource source, string prefix, int state, bool cross) => new()
    {
        AttentionNorm = ReadNorm(source, prefix + "attn_ln", state),
        QueryKeyValue = Own(source.Fused(state, state, prefix + "attn.query", prefix + "attn.key", prefix + "attn.value")),
        AttentionOut = Own(source.Matrix(prefix + "attn.out", state, state)),
        Cross = cross
            ? new CrossWeights(
                ReadNorm(source, prefix + "cross_attn_ln", state),
                Own(source.Matrix(prefix + "cross_attn.query", state, state)),
                Own(source.Fused(state, state, prefix + "cross_attn.key", prefix + "cross_attn.value")),
                Own(source.Matrix(prefix + "cross_attn.out", state, state)))
            : null,
        MlpNorm = ReadNorm(source, prefix + "mlp_ln", state),
        MlpUp = Own(source.Matrix(prefix + "mlp.0", state, 4 * state)),
        MlpDown = Own(source.Matrix(prefix + "mlp.2", 4 * state, state)),
    };

    NormWeights ReadNorm(TensorSource source, string name, int state) =>
        new(Own(source.Vector(name + ".weight", state)), Own(source.Vector(name + ".bias", state)));

    PackedMatrix Own(PackedMatrix matrix)
    {
        _owned.Add(matrix);
        Bytes += matrix.Bytes;
        return matrix;
    }

    AlignedBuffer Own(AlignedBuffer buffer)
    {
        _owned.Add(buffer);
        Bytes += buffer.Bytes;
        return buffer;
    }
}
