using System.Runtime.InteropServices;
using SpeechEngine.Loading;

namespace SpeechEngine.Quantising;

/// <summary>Writes the values of one tensor in another type, a few thousand blocks at a time on every processor.</summary>
static class TensorQuantiser
{
    const int ChunkValues = 1 << 15;
    const int BlockValues = TensorTypes.LargestGroup;

    /// <summary>Appends the values to <paramref name="output"/>; false when one is not finite or does not fit the type.</summary>
    /// <param name="values">The tensor's bytes, f32 or f16.</param>
    /// <param name="from">Their type.</param>
    /// <param name="to">f32 and f16 (the same, or f16 from f32), or a type with blocks of 32, which divide the number of values.</param>
    public static unsafe bool TryWrite(ReadOnlySpan<byte> values, TensorType from, TensorType to, Stream output)
    {
        var count = values.Length / from.BlockBytes();
        var result = new byte[to.Bytes(count)];
        var fits = true;
        fixed (byte* source = values)
        {
            var start = source;
            Parallel.For(0, (count + ChunkValues - 1) / ChunkValues, chunk =>
            {
                var first = chunk * ChunkValues;
                var length = Math.Min(ChunkValues, count - first);
                var input = new ReadOnlySpan<byte>(start + (long)first * from.BlockBytes(), length * from.BlockBytes());
                var floats = new float[length];
                Widen(input, from, floats);
                if (!TryConvert(floats, to, result.AsSpan((int)to.Bytes(first), (int)to.Bytes(length))))
                {
                    Volatile.Write(ref fits, false);
                }
            });
        }

        output.Write(result);
        return fits;
    }

    static void Widen(ReadOnlySpan<byte> input, TensorType from, Span<float> floats)
    {
        if (from == TensorType.F32)
        {
            MemoryMarshal.Cast<byte, float>(input).CopyTo(floats);
            return;
        }

        var halves = MemoryMarshal.Cast<byte, Half>(input);
        for (var i = 0; i < floats.Length; i++)
        {
            floats[i] = (float)halves[i];
        }
    }

    static bool TryConvert(ReadOnlySpan<float> floats, TensorType to, Span<byte> output)
    {
        var fits = true;
        if (to.IsQuantised())
        {
            for (var block = 0; block < floats.Length / BlockValues; block++)
            {
                fits &= BlockQuantiser.TryWrite(to, floats.Slice(block * BlockValues, BlockValues), output.Slice(block * to.BlockBytes(), to.BlockBytes()));
            }

            return fits;
        }

        for (var i = 0; i < floats.Length; i++)
        {
            if (to == TensorType.F32)
            {
                fits &= float.IsFinite(floats[i]);
                BitConverter.TryWriteBytes(output[(4 * i)..], floats[i]);
            }
            else
            {
                fits &= Half.IsFinite((Half)floats[i]);
                BitConverter.TryWriteBytes(output[(2 * i)..], (Half)floats[i]);
            }
        }

        return fits;
    }
}
