using SpeechEngine.Kernels;
using SpeechEngine.Loading;

namespace SpeechEngine.Tests.Loading;

/// <summary>Every stored type comes out of the packed matrices with exactly the value its formula gives.</summary>
public sealed unsafe class WeightTypeTests
{
    [Theory]
    [InlineData("F32", "Float")]
    [InlineData("F16", "Half")]
    [InlineData("Q8_0", "Bytes")]
    [InlineData("Q5_0", "Bytes")]
    [InlineData("Q5_1", "Bytes")]
    [InlineData("Q4_0", "Bytes")]
    [InlineData("Q4_1", "Bytes")]
    public void Values_are_exact(string typeName, string format)
    {
        var type = Enum.Parse<TensorType>(typeName);
        TensorRecord? embedding = null;
        using var file = new TempFile(new ModelWriter
        {
            LinearType = type,
            Edit = record => record.Name == "decoder.token_embedding.weight" ? embedding = record : record,
        }.Write());
        using var model = ModelFile.Open(file.Path);
        using var weights = WeightReader.Read(model);

        Assert.Equal(Enum.Parse<PanelFormat>(format), weights.TokenEmbedding.View.Format);
        var row = new float[64];
        foreach (var token in new[] { 0, 31, 32, 777, 51864 })
        {
            fixed (float* p = row)
            {
                weights.TokenEmbedding.CopyColumn(token, p);
            }

            for (var k = 0; k < row.Length; k++)
            {
                Assert.Equal(Expected(type, embedding!.Data, (token * 64) + k), row[k]);
            }
        }
    }

    [Fact]
    public void Weights_too_large_for_half_panels_are_kept_as_floats()
    {
        using var file = new TempFile(new ModelWriter
        {
            Edit = record =>
            {
                if (record.Name == "decoder.token_embedding.weight")
                {
                    BitConverter.TryWriteBytes(record.Data.AsSpan(2 * 100), (Half)3000f);
                }

                return record;
            },
        }.Write());
        using var model = ModelFile.Open(file.Path);
        using var weights = WeightReader.Read(model);

        Assert.Equal(PanelFormat.Float, weights.TokenEmbedding.View.Format);
        var row = stackalloc float[64];
        weights.TokenEmbedding.CopyColumn(1, row);
        Assert.Equal(3000f, row[100 - 64]);
    }

    [Fact]
    public void The_smallest_half_survives()
    {
        using var file = new TempFile(new ModelWriter
        {
            Edit = record =>
            {
                if (record.Name == "decoder.token_embedding.weight")
                {
                    BitConverter.TryWriteBytes(record.Data, Half.Epsilon);
                }

                return record;
            },
        }.Write());
        using var model = ModelFile.Open(file.Path);
        using var weights = WeightReader.Read(model);

        var row = stackalloc float[64];
        weights.TokenEmbedding.CopyColumn(0, row);
        Assert.Equal((float)Half.Epsilon, row[0]);
        Assert.True(float.IsNormal(row[0]));
    }

    /// <summary>The value formulas of the stored types, one value at a time.</summary>
    static float Expected(TensorType type, byte[] data, int index)
    {
        if (type == TensorType.F32)
        {
            return BitConverter.ToSingle(data, 4 * index);
        }

        if (type == TensorType.F16)
        {
            return (float)BitConverter.ToHalf(data, 2 * index);
        }

        var (block, i) = Math.DivRem(index, 32);
        var at = block * (int)type.Bytes(32);
        var d = (float)BitConverter.ToHalf(data, at);
        int Nibble(int offset) => i < 16 ? data[at + offset + i] & 15 : data[at + offset + i - 16] >> 4;
        int Fifth(int offset) => (int)((BitConverter.ToUInt32(data, at + offset) >> i) & 1) << 4;
        return type switch
        {
            TensorType.Q8_0 => (sbyte)data[at + 2 + i] * d,
            TensorType.Q4_0 => (Nibble(2) - 8) * d,
            TensorType.Q4_1 => (Nibble(4) * d) + (float)BitConverter.ToHalf(data, at + 2),
            TensorType.Q5_0 => ((Nibble(6) | Fifth(2)) - 16) * d,
            _ => ((Nibble(8) | Fifth(4)) * d) + (float)BitConverter.ToHalf(data, at + 2),
        };
    }
}
