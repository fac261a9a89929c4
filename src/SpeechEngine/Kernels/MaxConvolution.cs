using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SpeechEngine.Kernels;

/// <summary>The inner loop of a search for the best way of cutting a row into stretches: best start for every end.</summary>
static unsafe class MaxConvolution
{
    /// <summary>results[i] = max over d = 1..reach of values[i - d] - penalties[d].</summary>
    /// <param name="values">Readable from -<paramref name="reach"/> on; what must not be chosen holds -∞.</param>
    /// <param name="penalties">[reach + 1]; the first is not used.</param>
    /// <param name="results">Has room for <paramref name="count"/> values and up to the next whole vector, which is overwritten.</param>
    public static void Compute(float* values, int count, float* penalties, int reach, float* results)
    {
        switch (Simd.Width)
        {
            case SimdWidth.Vector512:
                Run<Lanes512, Vector512<float>>(values, count, penalties, reach, results);
                break;
            case SimdWidth.Vector256:
                Run<Lanes256, Vector256<float>>(values, count, penalties, reach, results);
                break;
            case SimdWidth.Vector128:
                Run<Lanes128, Vector128<float>>(values, count, penalties, reach, results);
                break;
            default:
                Run<LanesScalar, float>(values, count, penalties, reach, results);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Run<TLanes, TVector>(float* values, int count, float* penalties, int reach, float* results)
        where TLanes : struct, ILanes<TVector>
    {
        for (var i = 0; i < count; i += TLanes.Count)
        {
            // Two chains of maxima: each step waits for the one before.
            var even = TLanes.Create(float.NegativeInfinity);
            var odd = even;
            var d = 1;
            for (; d < reach; d += 2)
            {
                odd = TLanes.Max(odd, TLanes.Subtract(TLanes.Load(values + i - d), TLanes.Create(penalties[d])));
                even = TLanes.Max(even, TLanes.Subtract(TLanes.Load(values + i - d - 1), TLanes.Create(penalties[d + 1])));
            }

            if (d == reach)
            {
                odd = TLanes.Max(odd, TLanes.Subtract(TLanes.Load(values + i - d), TLanes.Create(penalties[d])));
            }

            TLanes.Store(TLanes.Max(even, odd), results + i);
        }
    }
}
