using System.Runtime.InteropServices;
using SpeechEngine.Decoding;
using SpeechEngine.Kernels;
using SpeechEngine.Loading;
using SpeechEngine.Model;
using SpeechEngine.Tests.Kernels;

namespace SpeechEngine.Tests.Loading;

/// <summary>The types q2_K to q6_K: their values, and whole models made of them.</summary>
public sealed unsafe class SuperBlockTests
{
    // Enough positions for attention to mean something, few enough for the path without vector instructions.
    const int Positions = 60;

    static readonly ModelDimensions Shape = ModelWriter.TinyShape with
    {
        AudioState = 256,
        AudioHeads = 4,
        TextState = 256,
        TextHeads = 4,
        TextLayers = 1,
    };

    public static TheoryData<string, string> Vectors()
    {
        var cases = new TheoryData<string, string>();
        foreach (var vector in SuperBlockVectors.All)
        {
            cases.Add(vector.Type, vector.Scales);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Values_are_ggmls_to_the_last_bit(string type, string scales)
    {
        var (_, _, block, values) = SuperBlockVectors.All.Single(vector => (vector.Type, vector.Scales) == (type, scales));

        var actual = Dequantised(Enum.Parse<TensorType>(type), Convert.FromBase64String(block));

        Assert.Equal(Convert.FromBase64String(values), MemoryMarshal.AsBytes(actual.AsSpan()).ToArray());
    }

    [Theory]
    [InlineData("Q2_K", "ShortBytes")]
    [InlineData("Q3_K", "ShortBytes")]
    [InlineData("Q4_K", "Bytes")]
    [InlineData("Q5_K", "Bytes")]
    [InlineData("Q6_K", "ShortBytes")]
    public void A_model_computes_what_its_weights_as_floats_compute(string typeName, string format)
    {
        var type = Enum.Parse<TensorType>(typeName);
        using var quantised = Load(new ModelWriter { Shape = Shape, LinearType = type });
        using var floats = Load(new ModelWriter { Shape = Shape, LinearType = type, Edit = AsFloats });

        Assert.Equal(Enum.Parse<PanelFormat>(format), quantised.Weights.TokenEmbedding.View.Format);
        Assert.Equal(PanelFormat.Float, floats.Weights.TokenEmbedding.View.Format);
        var expected = Logits(floats);
        var actual = Logits(quantised);
        Assert.Equal(expected, actual);
        Assert.True(expected.Max() - expected.Min() > 0.5f, "Logits without spread compare nothing.");
    }

    static WhisperModel Load(ModelWriter writer)
    {
        using var file = new TempFile(writer.Write());
        var model = ModelLoader.Load(file.Path);
        return new WhisperModel
        {
            Dimensions = model.Dimensions with { AudioContext = Positions },
            HasTensors = model.HasTensors,
            Weights = model.Weights,
            Vocabulary = model.Vocabulary,
            Spectrogram = model.Spectrogram,
        };
    }

    static TensorRecord AsFloats(TensorRecord record)
    {
        var type = (TensorType)record.Type;
        return type.HasSuperBlocks()
            ? record with { Type = (int)TensorType.F32, Data = MemoryMarshal.AsBytes(Dequantised(type, record.Data).AsSpan()).ToArray() }
            : record;
    }

    static float[] Dequantised(TensorType type, byte[] data)
    {
        var values = new float[data.Length / type.BlockBytes() * TensorTypes.SuperBlockValues];
        var integers = new sbyte[TensorTypes.LargestGroup];
        var size = type.GroupValues();
        for (var first = 0; first < values.Length; first += size)
        {
            var (block, inBlock) = Math.DivRem(first, TensorTypes.SuperBlockValues);
            var bytes = data.AsSpan(block * type.BlockBytes(), type.BlockBytes());
            var (scale, minimum) = QuantisedBlock.Open(type, bytes, inBlock / size, integers);
            for (var i = 0; i < size; i++)
            {
                values[first + i] = (integers[i] * scale) + minimum;
            }
        }

        return values;
    }

    /// <summary>Logits after encoding a window of noise and reading four tokens.</summary>
    static float[] Logits(WhisperModel model)
    {
        using var pool = new WorkerPool(2);
        using var state = new DecodingState(model, pool);
        var mel = Widths.Random(ModelDimensions.WindowFrames * Shape.Mels, 9);
        mel.CopyTo(new Span<float>(state.Scratch.Mel.Floats + Shape.Mels, mel.Length));
        state.Encoder.Encode(state.Scratch, CancellationToken.None);
        state.Encoder.FillCross(state.Scratch, state.Cross, CancellationToken.None);
        int[] tokens = [50258, 50259, 50359, 1234];
        for (var i = 0; i < tokens.Length; i++)
        {
            state.SetRow(i, tokens[i], i, wantsLogits: i == tokens.Length - 1);
        }

        state.Decoder.Step(state.Rows.AsSpan(0, tokens.Length), state.Scratch, CancellationToken.None);
        return state.Logits(0).ToArray();
    }
}
