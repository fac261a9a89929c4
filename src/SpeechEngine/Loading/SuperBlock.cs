namespace SpeechEngine.Loading;

/// <summary>
/// Opens one group of a 256-value superblock of the types q2_K to q6_K into value = integer·scale + minimum. A group's scale is the
/// block's binary16 scale times a small integer, its minimum likewise; both products fit a float, and so does integer·scale, so that a
/// fused multiply-add gives bit for bit what ggml's product and subtraction give.
/// </summary>
static class SuperBlock
{
    // Adding -0 leaves even the sign of a zero as it is.
    const float NoMinimum = -0f;

    /// <summary>Reads one group of <paramref name="type"/>.</summary>
    /// <param name="block">Exactly one superblock.</param>
    /// <param name="group">0..15 for groups of 16 values, 0..7 for groups of 32.</param>
    /// <param name="integers">Receives the group's integers.</param>
    public static (float Scale, float Minimum) Open(TensorType type, ReadOnlySpan<byte> block, int group, Span<sbyte> integers) => type switch
    {
        TensorType.Q2_K => OpenQ2(block, group, integers),
        TensorType.Q3_K => OpenQ3(block, group, integers),
        TensorType.Q4_K => OpenQ4(block, group, integers),
        TensorType.Q5_K => OpenQ5(block, group, integers),
        TensorType.Q6_K => OpenQ6(block, group, integers),
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    // 16 bytes scale | minimum << 4, 64 bytes of 2-bit values, d, dmin.
    static (float, float) OpenQ2(ReadOnlySpan<byte> block, int group, Span<sbyte> integers)
    {
        TwoBits(block.Slice(16, 64), group, integers);
        var scales = block[group];
        return (QuantisedBlock.HalfAt(block, 80) * (scales & 15), -(QuantisedBlock.HalfAt(block, 82) * (scales >> 4)));
    }

    // 32 bytes of third bits, one bit per pair of groups; 64 bytes of 2-bit values; 16 six-bit scales in 12 bytes; d. A cleared third bit means -4.
    static (float, float) OpenQ3(ReadOnlySpan<byte> block, int group, Span<sbyte> integers)
    {
        TwoBits(block.Slice(32, 64), group, integers);
        var third = block.Slice(group % 2 * 16, 16);
        for (var i = 0; i < 16; i++)
        {
            integers[i] -= (sbyte)(4 - (((third[i] >> (group / 2)) & 1) << 2));
        }

        var packed = block.Slice(96, 12);
        var low = group < 8 ? packed[group] & 15 : packed[group - 8] >> 4;
        var high = (packed[8 + (group % 4)] >> (group / 4 * 2)) & 3;
        return (QuantisedBlock.HalfAt(block, 108) * ((low | (high << 4)) - 32), NoMinimum);
    }

    // d, dmin, 8 scales and minima of six bits in 12 bytes, 128 bytes of nibbles.
    static (float, float) OpenQ4(ReadOnlySpan<byte> block, int group, Span<sbyte> integers)
    {
        Nibbles(block.Slice(16, 128), group, integers);
        return SixBitScale(block, group);
    }

    // As q4_K, with 32 bytes of fifth bits, one bit per group, before the nibbles.
    static (float, float) OpenQ5(ReadOnlySpan<byte> block, int group, Span<sbyte> integers)
    {
        Nibbles(block.Slice(48, 128), group, integers);
        var fifth = block.Slice(16, 32);
        for (var i = 0; i < 32; i++)
        {
            integers[i] |= (sbyte)(((fifth[i] >> group) & 1) << 4);
        }

        return SixBitScale(block, group);
    }

    // 128 bytes of low nibbles, 64 bytes of upper pairs of bits, 16 signed scales, d. Each half of the block has 64 and 32 of those bytes.
    static (float, float) OpenQ6(ReadOnlySpan<byte> block, int group, Span<sbyte> integers)
    {
        var (half, inHalf) = Math.DivRem(group, 8);
        var (quarter, odd) = Math.DivRem(inHalf, 2);
        var low = block.Slice((64 * half) + (quarter % 2 * 32) + (16 * odd), 16);
        var high = block.Slice(128 + (32 * half) + (16 * odd), 16);
        for (var i = 0; i < 16; i++)
        {
            var nibble = (low[i] >> (quarter / 2 * 4)) & 15;
            integers[i] = (sbyte)((nibble | (((high[i] >> (2 * quarter)) & 3) << 4)) - 32);
        }

        return (QuantisedBlock.HalfAt(block, 208) * (sbyte)block[192 + group], NoMinimum);
    }

    /// <summary>Each half of 128 values has 32 bytes; byte l holds values l, l+32, l+64 and l+96, the first in its lowest bits.</summary>
    static void TwoBits(ReadOnlySpan<byte> packed, int group, Span<sbyte> integers)
    {
        var (half, inHalf) = Math.DivRem(group, 8);
        var bytes = packed.Slice((32 * half) + (inHalf % 2 * 16), 16);
        for (var i = 0; i < 16; i++)
        {
            integers[i] = (sbyte)((bytes[i] >> (inHalf / 2 * 2)) & 3);
        }
    }

    /// <summary>32 bytes hold two groups: the even one in the low nibbles, the odd one in the high.</summary>
    static void Nibbles(ReadOnlySpan<byte> packed, int group, Span<sbyte> integers)
    {
        var bytes = packed.Slice(group / 2 * 32, 32);
        for (var i = 0; i < 32; i++)
        {
            integers[i] = (sbyte)((bytes[i] >> (group % 2 * 4)) & 15);
        }
    }

    /// <summary>Groups 0..3 have the lower six bits of bytes 0..3 and 4..7; groups 4..7 a nibble of bytes 8..11 and those bytes' upper two bits.</summary>
    static (float, float) SixBitScale(ReadOnlySpan<byte> block, int group)
    {
        var packed = block.Slice(4, 12);
        var (scale, minimum) = group < 4
            ? (packed[group] & 63, packed[group + 4] & 63)
            : ((packed[group + 4] & 15) | (packed[group - 4] >> 6 << 4), (packed[group + 4] >> 4) | (packed[group] >> 6 << 4));
        return (QuantisedBlock.HalfAt(block, 0) * scale, -(QuantisedBlock.HalfAt(block, 2) * minimum));
    }
}
