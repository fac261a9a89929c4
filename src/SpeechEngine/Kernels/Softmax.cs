using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SpeechEngine.Kernels;

/// <summary>
/// Softmax of one row without its division: e^(scale·(x - max)). The sum is returned beside it, because the caller multiplies
/// a much shorter vector by 1/sum afterwards.
/// </summary>
static unsafe class Softmax
{
    /// <summary>Works in place on <paramref name="count"/> &gt; 0 values; the row has room up to the next whole vector, which is overwritten.</summary>
    /// <param name="scale">Positive factor of the scores, 1/√(head size) in attention.</param>
    /// <param name="sum">Receives the sum of the results.</param>
    public static void Compute(float* row, int count, float scale, float* sum)
    {
        switch (Simd.Width)
        {
            case SimdWidth.Vector512:
                Compute512(row, count, scale, sum);
                break;
            case SimdWidth.Vector256:
                Compute256(row, count, scale, sum);
                break;
            case SimdWidth.Vector128:
                Compute128(row, count, scale, sum);
                break;
            default:
                ComputeScalar(row, count, scale, sum);
                break;
        }
    }

    internal static void Compute512(float* row, int count, float scale, float* sum) => Run<Lanes512, Vector512<float>>(row, count, scale, sum);

    internal static void Compute256(float* row, int count, float scale, float* sum) => Run<Lanes256, Vector256<float>>(row, count, scale, sum);

    internal static void Compute128(float* row, int count, float scale, float* sum) => Run<Lanes128, Vector128<float>>(row, count, scale, sum);

    internal static void ComputeScalar(float* row, int count, float scale, float* sum) => Run<LanesScalar, float>(row, count, scale, sum);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Run<TLanes, TVector>(float* row, int count, float scale, float* sum)
        where TLanes : struct, ILanes<TVector>
    {
        var padded = (count + TLanes.Count - 1) / TLanes.Count * TLanes.Count;
        for (var i = count; i < padded; i++)
        {
            row[i] = float.NegativeInfinity;
        }

        var largest = TLanes.Load(row);
        for (var i = TLanes.Count; i < padded; i += TLanes.Count)
        {
            largest = TLanes.Max(largest, TLanes.Load(row + i));
        }

        var factor = TLanes.Create(scale);
        var offset = TLanes.Create(-scale * TLanes.Largest(largest));
        var total = TLanes.Create(0f);
        for (var i = 0; i < padded; i += TLanes.Count)
        {
            var e = Exponential.Of<TLanes, TVector>(TLanes.Fma(TLanes.Load(row + i), factor, offset));
            TLanes.Store(e, row + i);
            total = TLanes.Add(total, e);
        }

        *sum = TLanes.Sum(total);
    }
}
