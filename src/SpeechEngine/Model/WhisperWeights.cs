using SpeechEngine.Kernels;

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

/// <summary>Every tensor of a Whisper network, packed for the kernels. Read-only; all states share it.</summary>
/// <param name="buffers">What is freed with the weights.</param>
sealed class WhisperWeights(IReadOnlyList<IDisposable> buffers) : IDisposable
{
    /// <summary>Three frames of mel → state, as a product: [3·mels, state].</summary>
    public required PackedMatrix Conv1 { get; init; }

    /// <summary>Three frames of state → state, stride 2: [3·state, state].</summary>
    public required PackedMatrix Conv2 { get; init; }

    /// <summary>[1500, state].</summary>
    public required AlignedBuffer EncoderPositions { get; init; }

    public required BlockWeights[] EncoderBlocks { get; init; }

    public required NormWeights EncoderNorm { get; init; }

    /// <summary>[text context, state].</summary>
    public required AlignedBuffer DecoderPositions { get; init; }

    /// <summary>state → vocabulary; its columns are also the tokens' embeddings.</summary>
    public required PackedMatrix TokenEmbedding { get; init; }

    public required BlockWeights[] DecoderBlocks { get; init; }

    public required NormWeights DecoderNorm { get; init; }

    public void Dispose()
    {
        foreach (var buffer in buffers)
        {
            buffer.Dispose();
        }
    }
}
