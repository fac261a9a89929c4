using System.Text;
using SpeechEngine.Loading;
using SpeechEngine.Model;

namespace SpeechEngine.Tests.Loading;

/// <summary>Writes ggml model files of any shape, with random weights or none, for tests.</summary>
sealed class ModelWriter
{
    const int Bins = 201;

    /// <summary>The smallest network the engine takes: fast, and wrong in every word.</summary>
    public static ModelDimensions TinyShape { get; } = new()
    {
        Vocabulary = 51865,
        AudioContext = 1500,
        AudioState = 64,
        AudioHeads = 2,
        AudioLayers = 1,
        TextContext = 448,
        TextState = 64,
        TextHeads = 2,
        TextLayers = 2,
        Mels = 8,
    };

    readonly Random _random = new(20);

    public ModelDimensions Shape { get; init; } = TinyShape;

    /// <summary>Type of the linear weights; convolutions are f16 unless this is f32.</summary>
    public TensorType LinearType { get; init; } = TensorType.F16;

    /// <summary>Changes a tensor's record before it is written; null leaves it out.</summary>
    public Func<TensorRecord, TensorRecord?> Edit { get; init; } = record => record;

    /// <summary>No tensors at all, as in whisper.cpp's test files.</summary>
    public bool WithoutTensors { get; init; }

    /// <summary>Tensors a file of this shape has.</summary>
    public static int TensorCount(ModelDimensions shape) => 11 + (15 * shape.AudioLayers) + (24 * shape.TextLayers);

    public byte[] Write()
    {
        var stream = new MemoryStream();
        var writer = new BinaryWriter(stream);
        writer.Write(0x67676d6cu);
        foreach (var number in new[]
        {
            Shape.Vocabulary, Shape.AudioContext, Shape.AudioState, Shape.AudioHeads, Shape.AudioLayers,
            Shape.TextContext, Shape.TextState, Shape.TextHeads, Shape.TextLayers, Shape.Mels, 1,
        })
        {
            writer.Write(number);
        }

        writer.Write(Shape.Mels);
        writer.Write(Bins);
        for (var i = 0; i < Shape.Mels * Bins; i++)
        {
            writer.Write(_random.NextSingle() * 0.01f);
        }

        writer.Write(300);
        for (var token = 0; token < 300; token++)
        {
            byte[] bytes = token < 256 ? [(byte)token] : Encoding.UTF8.GetBytes($"<{token}>");
            writer.Write(bytes.Length);
            writer.Write(bytes);
        }

        if (!WithoutTensors)
        {
            WriteTensors(writer);
        }

        return stream.ToArray();
    }

    void WriteTensors(BinaryWriter writer)
    {
        var state = Shape.AudioState;
        Add(writer, "encoder.positional_embedding", TensorType.F32, state, Shape.AudioContext);
        Add(writer, "encoder.conv1.weight", ConvType, 3, Shape.Mels, state);
        Add(writer, "encoder.conv1.bias", TensorType.F32, 1, state);
        Add(writer, "encoder.conv2.weight", ConvType, 3, state, state);
        Add(writer, "encoder.conv2.bias", TensorType.F32, 1, state);
        AddNorm(writer, "encoder.ln_post");
        Add(writer, "decoder.positional_embedding", TensorType.F32, state, Shape.TextContext);
        Add(writer, "decoder.token_embedding.weight", LinearType, state, Shape.Vocabulary);
        AddNorm(writer, "decoder.ln");
        for (var layer = 0; layer < Shape.AudioLayers; layer++)
        {
            AddBlock(writer, $"encoder.blocks.{layer}.", ["attn"]);
        }

        for (var layer = 0; layer < Shape.TextLayers; layer++)
        {
            AddBlock(writer, $"decoder.blocks.{layer}.", ["attn", "cross_attn"]);
        }
    }

    TensorType ConvType => LinearType == TensorType.F32 ? TensorType.F32 : TensorType.F16;

    void AddBlock(BinaryWriter writer, string prefix, string[] attentions)
    {
        var state = Shape.AudioState;
        foreach (var attention in attentions)
        {
            AddNorm(writer, $"{prefix}{attention}_ln");
            foreach (var part in new[] { "query", "key", "value", "out" })
            {
                Add(writer, $"{prefix}{attention}.{part}.weight", LinearType, state, state);
                if (part != "key")
                {
                    Add(writer, $"{prefix}{attention}.{part}.bias", TensorType.F32, state);
                }
            }
        }

        AddNorm(writer, prefix + "mlp_ln");
        Add(writer, prefix + "mlp.0.weight", LinearType, state, 4 * state);
        Add(writer, prefix + "mlp.0.bias", TensorType.F32, 4 * state);
        Add(writer, prefix + "mlp.2.weight", LinearType, 4 * state, state);
        Add(writer, prefix + "mlp.2.bias", TensorType.F32, state);
    }

    void AddNorm(BinaryWriter writer, string name)
    {
        Add(writer, name + ".weight", TensorType.F32, Shape.AudioState);
        Add(writer, name + ".bias", TensorType.F32, Shape.AudioState);
    }

    void Add(BinaryWriter writer, string name, TensorType type, params int[] dimensions)
    {
        var count = dimensions.Aggregate(1L, (product, dimension) => product * dimension);
        if (Edit(new TensorRecord(name, (int)type, dimensions, Values(type, count))) is not { } record)
        {
            return;
        }

        writer.Write(record.Dimensions.Length);
        writer.Write(Encoding.UTF8.GetByteCount(record.Name));
        writer.Write(record.Type);
        foreach (var dimension in record.Dimensions)
        {
            writer.Write(dimension);
        }

        writer.Write(Encoding.UTF8.GetBytes(record.Name));
        writer.Write(record.Data);
    }

    /// <summary>Small random values; quantised blocks are random bytes behind a small scale and minimum.</summary>
    byte[] Values(TensorType type, long count)
    {
        var data = new byte[type.Bytes(count)];
        if (type == TensorType.F32 || type == TensorType.F16)
        {
            for (var i = 0; i < count; i++)
            {
                var value = (_random.NextSingle() - 0.5f) * 0.3f;
                if (type == TensorType.F32)
                {
                    BitConverter.TryWriteBytes(data.AsSpan(4 * i), value);
                }
                else
                {
                    BitConverter.TryWriteBytes(data.AsSpan(2 * i), (Half)value);
                }
            }

            return data;
        }

        _random.NextBytes(data);
        var (scaleAt, minimumAt, size) = type switch
        {
            TensorType.Q4_1 or TensorType.Q5_1 => (0, 2, 0.01f),
            TensorType.Q2_K => (80, 82, 0.005f),
            TensorType.Q3_K => (108, -1, 0.001f),
            TensorType.Q4_K or TensorType.Q5_K => (0, 2, 0.0004f),
            TensorType.Q6_K => (208, -1, 0.00005f),
            _ => (0, -1, 0.01f),
        };
        for (var block = 0; block < data.Length; block += type.BlockBytes())
        {
            BitConverter.TryWriteBytes(data.AsSpan(block + scaleAt), (Half)(_random.NextSingle() * size));
            if (minimumAt >= 0)
            {
                // Superblocks subtract their minimum, the others add it.
                BitConverter.TryWriteBytes(data.AsSpan(block + minimumAt), (Half)(_random.NextSingle() * size * (type.HasSuperBlocks() ? 3f : -5f)));
            }
        }

        return data;
    }
}

/// <summary>One tensor as it stands in a file.</summary>
sealed record TensorRecord(string Name, int Type, int[] Dimensions, byte[] Data);
