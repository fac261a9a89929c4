using System.Buffers.Binary;
using SpeechEngine.Loading;

namespace SpeechEngine.Quantising;

/// <summary>
/// 32 values → one block, bit for bit as ggml's reference quantisers. The scale is stored as binary16, but the integers are found with the
/// inverse of the unrounded one. The layouts are those <see cref="QuantisedBlock"/> reads.
/// </summary>
static class BlockQuantiser
{
    const int Values = TensorTypes.LargestGroup;

    /// <summary>Writes one block of <paramref name="type"/>; false when a value is not finite or the scale exceeds binary16.</summary>
    public static bool TryWrite(TensorType type, ReadOnlySpan<float> values, Span<byte> block) => type switch
    {
        TensorType.Q8_0 => Symmetric(values, block),
        TensorType.Q5_1 => FromMinimum(values, block, levels: 32),
        TensorType.Q5_0 => AroundZero(values, block, levels: 32),
        TensorType.Q4_1 => FromMinimum(values, block, levels: 16),
        TensorType.Q4_0 => AroundZero(values, block, levels: 16),
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    /// <summary>q8_0: scale = largest magnitude / 127; integers -127..127, halves rounded away from zero.</summary>
    static bool Symmetric(ReadOnlySpan<float> values, Span<byte> block)
    {
        var largest = MathF.Abs(Peak(values));
        var scale = largest / 127;
        var inverse = Inverse(scale);
        for (var i = 0; i < Values; i++)
        {
            block[2 + i] = (byte)(sbyte)MathF.Round(values[i] * inverse, MidpointRounding.AwayFromZero);
        }

        return AllFinite(values) && TryPutHalf(scale, block);
    }

    /// <summary>q4_0 and q5_0: the value of largest magnitude becomes integer 0, at -levels/2 steps, whatever its sign.</summary>
    static bool AroundZero(ReadOnlySpan<float> values, Span<byte> block, int levels)
    {
        Span<byte> integers = stackalloc byte[Values];
        var half = levels / 2;
        var scale = Peak(values) / -half;
        var inverse = Inverse(scale);
        if (scale == 0 || inverse != 0)
        {
            for (var i = 0; i < Values; i++)
            {
                integers[i] = (byte)Math.Min(levels - 1, (int)((values[i] * inverse) + (half + 0.5f)));
            }
        }

        Pack(integers, levels, block[2..]);
        return AllFinite(values) && TryPutHalf(scale, block);
    }

    /// <summary>q4_1 and q5_1: the least value becomes integer 0, the largest integer levels - 1.</summary>
    static bool FromMinimum(ReadOnlySpan<float> values, Span<byte> block, int levels)
    {
        Span<byte> integers = stackalloc byte[Values];

        // The first of several zeros gives the minimum its sign, so no vectorised minimum will do.
        float least = float.MaxValue, largest = float.MinValue;
        foreach (var value in values)
        {
            least = value < least ? value : least;
            largest = value > largest ? value : largest;
        }

        var scale = (largest - least) / (levels - 1);
        var inverse = Inverse(scale);
        for (var i = 0; i < Values; i++)
        {
            integers[i] = (byte)Math.Min(levels - 1, (int)(((values[i] - least) * inverse) + 0.5f));
        }

        Pack(integers, levels, block[4..]);
        return AllFinite(values) && TryPutHalf(scale, block) && TryPutHalf(least, block[2..]);
    }

    /// <summary>The first value of the largest magnitude, with its sign; +0 when all are zero.</summary>
    static float Peak(ReadOnlySpan<float> values)
    {
        var peak = 0f;
        foreach (var value in values)
        {
            peak = MathF.Abs(value) > MathF.Abs(peak) ? value : peak;
        }

        return peak;
    }

    /// <summary>
    /// 1 / scale, or 0 for a block without extent. Scales below 2^-128 have no inverse; they are zero in binary16 whatever the integers
    /// are, and these then come out of ggml as 0.
    /// </summary>
    static float Inverse(float scale) => scale != 0 && float.IsFinite(1 / scale) ? 1 / scale : 0f;

    /// <summary>Fifth bits, if there are any, then 16 bytes with value i in the low and value i + 16 in the high nibble.</summary>
    static void Pack(ReadOnlySpan<byte> integers, int levels, Span<byte> packed)
    {
        if (levels > 16)
        {
            var fifth = 0u;
            for (var i = 0; i < Values; i++)
            {
                fifth |= (uint)(integers[i] >> 4) << i;
            }

            BinaryPrimitives.WriteUInt32LittleEndian(packed, fifth);
            packed = packed[4..];
        }

        for (var i = 0; i < Values / 2; i++)
        {
            packed[i] = (byte)((integers[i] & 15) | (integers[i + 16] << 4));
        }
    }

    static bool AllFinite(ReadOnlySpan<float> values)
    {
        var finite = true;
        foreach (var value in values)
        {
            finite &= float.IsFinite(value);
        }

        return finite;
    }

    static bool TryPutHalf(float value, Span<byte> destination)
    {
        BinaryPrimitives.WriteHalfLittleEndian(destination, (Half)value);
        return Half.IsFinite((Half)value);
    }
}
