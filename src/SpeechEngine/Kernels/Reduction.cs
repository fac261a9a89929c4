using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace SpeechEngine.Kernels;

/// <summary>Maximum and exponential sums over a row of logits; the row is only read. -∞ stands for "not allowed".</summary>
static unsafe class Reduction
{
    /// <summary>Largest value; -∞ for an empty span.</summary>
    public static float Largest(ReadOnlySpan<float> values)
    {
        fixed (float* first = values)
        {
            return Simd.Width switch
            {
                SimdWidth.Vector512 => Largest<Lanes512, Vector512<float>>(first, values.Length),
                SimdWidth.Vector256 => Largest<Lanes256, Vector256<float>>(first, values.Length),
                SimdWidth.Vector128 => Largest<Lanes128, Vector128<float>>(first, values.Length),
                _ => Largest<LanesScalar, float>(first, values.Length),
            };
        }
    }

    /// <summary>Σ e^((value - <paramref name="largest"/>) · <paramref name="scale"/>); 0 when nothing is allowed.</summary>
    public static float SumOfExponentials(ReadOnlySpan<float> values, float largest, float scale = 1f)
    {
        if (float.IsNegativeInfinity(largest))
        {
            return 0f;
        }

        fixed (float* first = values)
        {
            return Simd.Width switch
            {
                SimdWidth.Vector512 => SumOfExponentials<Lanes512, Vector512<float>>(first, values.Length, largest, scale),
                SimdWidth.Vector256 => SumOfExponentials<Lanes256, Vector256<float>>(first, values.Length, largest, scale),
                SimdWidth.Vector128 => SumOfExponentials<Lanes128, Vector128<float>>(first, values.Length, largest, scale),
                _ => SumOfExponentials<LanesScalar, float>(first, values.Length, largest, scale),
            };
        }
    }

    /// <summary>First index that holds <paramref name="value"/>, one of the values; -1 when it is none of them.</summary>
    public static int IndexOf(ReadOnlySpan<float> values, float value) =>
        MemoryMarshal.Cast<float, int>(values).IndexOf(BitConverter.SingleToInt32Bits(value));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float Largest<TLanes, TVector>(float* values, int count)
        where TLanes : struct, ILanes<TVector>
    {
        var vectors = TLanes.Create(float.NegativeInfinity);
        var i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            vectors = TLanes.Max(vectors, TLanes.Load(values + i));
        }

        var largest = TLanes.Largest(vectors);
        for (; i < count; i++)
        {
            largest = MathF.Max(largest, values[i]);
        }

        return largest;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float SumOfExponentials<TLanes, TVector>(float* values, int count, float largest, float scale = 1f)
        where TLanes : struct, ILanes<TVector>
    {
        var offset = TLanes.Create(largest);
        var scales = TLanes.Create(scale);
        var sums = TLanes.Create(0f);
        var i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            sums = TLanes.Add(sums, Exponential.Of<TLanes, TVector>(TLanes.Multiply(TLanes.Subtract(TLanes.Load(values + i), offset), scales)));
        }

        var sum = TLanes.Sum(sums);
        for (; i < count; i++)
        {
            sum += MathF.Exp((values[i] - largest) * scale);
        }

        return sum;
    }
}
