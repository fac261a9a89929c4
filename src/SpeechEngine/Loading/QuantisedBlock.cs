using System.Runtime.InteropServices;

namespace SpeechEngine.Loading;

/// <summary>
/// Opens a group of quantised values into value = integer·scale + minimum with integers that fit a signed byte, which keeps
/// every stored type exact. A group is the whole block, or a part of a <see cref="SuperBlock"/>. Layouts of the blocks of 32, with d and m as binary16 at the front: q8_0 d, 32 signed bytes; q4 d[, m], 16 bytes whose low
/// nibbles are values 0..15 and whose high nibbles are 16..31; q5 the same with 32 fifth bits before the nibbles.
/// </summary>
static class QuantisedBlock
{
    /// <summary>Reads one group of <paramref name="type"/>.</summary>
    /// <param name="block">Exactly one block.</param>
    /// <param name="group">Which group of a superblock; 0 for blocks of 32.</param>
    /// <param name="integers">Receives 16 or 32 integers, <see cref="TensorTypes.GroupValues"/>.</param>
    public static (float Scale, float Minimum) Open(TensorType type, ReadOnlySpan<byte> block, int group, Span<sbyte> integers)
    {
        if (type.HasSuperBlocks())
        {
            return SuperBlock.Open(type, block, group, integers);
        }

        var scale = HalfAt(block, 0);
        switch (type)
        {
            case TensorType.Q8_0:
                MemoryMarshal.Cast<byte, sbyte>(block[2..]).CopyTo(integers);
                return (scale, 0f);
            case TensorType.Q4_0:
                Nibbles(block[2..], 0, -8, integers);
                return (scale, 0f);
            case TensorType.Q4_1:
                Nibbles(block[4..], 0, 0, integers);
                return (scale, HalfAt(block, 2));
            case TensorType.Q5_0:
                Nibbles(block[6..], FifthBits(block[2..]), -16, integers);
                return (scale, 0f);
            case TensorType.Q5_1:
                Nibbles(block[8..], FifthBits(block[4..]), 0, integers);
                return (scale, HalfAt(block, 2));
            default:
                throw new ArgumentOutOfRangeException(nameof(type));
        }
    }

    /// <summary>The binary16 number at <paramref name="offset"/>, which is not aligned to anything.</summary>
    public static float HalfAt(ReadOnlySpan<byte> bytes, int offset) =>
        (float)BitConverter.UInt16BitsToHalf((ushort)(bytes[offset] | (bytes[offset + 1] << 8)));

    static void Nibbles(ReadOnlySpan<byte> packed, uint fifth, int offset, Span<sbyte> integers)
    {
        for (var i = 0; i < 16; i++)
        {
            integers[i] = (sbyte)(((packed[i] & 15) | (int)(((fifth >> i) & 1) << 4)) + offset);
            integers[i + 16] = (sbyte)(((packed[i] >> 4) | (int)(((fifth >> (i + 16)) & 1) << 4)) + offset);
        }
    }

    // The four bytes are not aligned to anything.
    static uint FifthBits(ReadOnlySpan<byte> bytes) => (uint)(bytes[0] | (bytes[1] << 8) | (bytes[2] << 16) | (bytes[3] << 24));
}
