using SpeechEngine.Model;

namespace SpeechEngine.Loading;

/// <summary>Reads the tensors of a Whisper network in the order of the network and packs them.</summary>
sealed class WeightReader
{
    readonly TensorSource _source;
    readonly List<IDisposable> _buffers = [];

    WeightReader(ModelFile file) => _source = new TensorSource(file);

    /// <summary>Reads and packs all tensors of <paramref name="file"/>, which may be closed afterwards.</summary>
    /// <exception cref="InvalidModelException">A tensor is missing, unknown or of the wrong shape.</exception>
    public static WhisperWeights Read(ModelFile file)
    {
        var reader = new WeightReader(file);
        try
        {
            return reader.Read(file.Dimensions);
        }
        catch
        {
            reader._buffers.ForEach(buffer => buffer.Dispose());
            throw;
        }
    }

    WhisperWeights Read(ModelDimensions shape)
    {
        var state = shape.AudioState;
        var conv1 = Own(_source.Convolution("encoder.conv1", shape.Mels, state));
        var conv2 = Own(_source.Convolution("encoder.conv2", state, state));
        var encoderPositions = Own(_source.Vector("encoder.positional_embedding", state, shape.AudioContext));
        var encoderBlocks = Blocks("encoder", shape.AudioLayers, state, cross: false);
        var encoderNorm = Norm("encoder.ln_post", state);
        var decoderPositions = Own(_source.Vector("decoder.positional_embedding", state, shape.TextContext));
        var tokenEmbedding = Own(_source.Matrix("decoder.token_embedding", state, shape.Vocabulary, bias: false));
        var decoderBlocks = Blocks("decoder", shape.TextLayers, state, cross: true);
        var decoderNorm = Norm("decoder.ln", state);
        _source.ExpectAllUsed();

        return new WhisperWeights(_buffers)
        {
            Conv1 = conv1,
            Conv2 = conv2,
            EncoderPositions = encoderPositions,
            EncoderBlocks = encoderBlocks,
            EncoderNorm = encoderNorm,
            DecoderPositions = decoderPositions,
            TokenEmbedding = tokenEmbedding,
            DecoderBlocks = decoderBlocks,
            DecoderNorm = decoderNorm,
        };
    }

    BlockWeights[] Blocks(string side, int layers, int state, bool cross) =>
        [.. Enumerable.Range(0, layers).Select(layer => Block($"{side}.blocks.{layer}.", state, cross))];

    BlockWeights Block(string prefix, int state, bool cross) => new()
    {
        AttentionNorm = Norm(prefix + "attn_ln", state),
        QueryKeyValue = Own(_source.Fused(state, state, prefix + "attn.query", prefix + "attn.key", prefix + "attn.value")),
        AttentionOut = Own(_source.Matrix(prefix + "attn.out", state, state)),
        Cross = cross
            ? new CrossWeights(
                Norm(prefix + "cross_attn_ln", state),
                Own(_source.Matrix(prefix + "cross_attn.query", state, state)),
                Own(_source.Fused(state, state, prefix + "cross_attn.key", prefix + "cross_attn.value")),
                Own(_source.Matrix(prefix + "cross_attn.out", state, state)))
            : null,
        MlpNorm = Norm(prefix + "mlp_ln", state),
        MlpUp = Own(_source.Matrix(prefix + "mlp.0", state, 4 * state)),
        MlpDown = Own(_source.Matrix(prefix + "mlp.2", 4 * state, state)),
    };

    NormWeights Norm(string name, int state) =>
        new(Own(_source.Vector(name + ".weight", state)), Own(_source.Vector(name + ".bias", state)));

    T Own<T>(T buffer)
        where T : IDisposable
    {
        _buffers.Add(buffer);
        return buffer;
    }
}
