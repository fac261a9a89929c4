using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SpeechEngine.Kernels;

/// <summary>Median of seven neighbours, added up over several rows.</summary>
static unsafe class MedianFilter
{
    /// <summary>Neighbours on either side.</summary>
    public const int Reach = 3;

    /// <summary>sum[i] += factor · median(row[i-3..i+3]); the row is mirrored at its ends, so that row[-k] is row[k].</summary>
    /// <param name="count">Values, more than <see cref="Reach"/>.</param>
    /// <param name="work">Room for <paramref name="count"/> + 6 values and a vector.</param>
    /// <param name="sum">Receives the values; has room up to the next whole vector, which is overwritten.</param>
    public static void Add(float* row, int count, float factor, float* work, float* sum)
    {
        new ReadOnlySpan<float>(row, count).CopyTo(new Span<float>(work + Reach, count));
        for (var k = 1; k <= Reach; k++)
        {
            work[Reach - k] = row[k];
            work[Reach + count - 1 + k] = row[count - 1 - k];
        }

        switch (Simd.Width)
        {
            case SimdWidth.Vector512:
                Run<Lanes512, Vector512<float>>(work, count, factor, sum);
                break;
            case SimdWidth.Vector256:
                Run<Lanes256, Vector256<float>>(work, count, factor, sum);
                break;
            case SimdWidth.Vector128:
                Run<Lanes128, Vector128<float>>(work, count, factor, sum);
                break;
            default:
                Run<LanesScalar, float>(work, count, factor, sum);
                break;
        }
    }

    /// <summary>
    /// Drops the least and the largest of five, replaces them by one more value, and so on until one is left: what was dropped
    /// cannot have been the median of all.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Run<TLanes, TVector>(float* mirrored, int count, float factor, float* sum)
        where TLanes : struct, ILanes<TVector>
    {
        var factors = TLanes.Create(factor);
        for (var i = 0; i < count; i += TLanes.Count)
        {
            var a = TLanes.Load(mirrored + i);
            var b = TLanes.Load(mirrored + i + 1);
            var c = TLanes.Load(mirrored + i + 2);
            var d = TLanes.Load(mirrored + i + 3);
            var e = TLanes.Load(mirrored + i + 4);

            // Of five: the least of all goes to a, the largest to e.
            Sort<TLanes, TVector>(ref a, ref b);
            Sort<TLanes, TVector>(ref c, ref d);
            Sort<TLanes, TVector>(ref a, ref c);
            Sort<TLanes, TVector>(ref b, ref d);
            Sort<TLanes, TVector>(ref a, ref e);
            Sort<TLanes, TVector>(ref d, ref e);

            // Of the middle three and a sixth.
            var f = TLanes.Load(mirrored + i + 5);
            Sort<TLanes, TVector>(ref b, ref c);
            Sort<TLanes, TVector>(ref d, ref f);
            Sort<TLanes, TVector>(ref b, ref d);
            Sort<TLanes, TVector>(ref c, ref f);

            // Of the middle two and the seventh.
            var g = TLanes.Load(mirrored + i + 6);
            Sort<TLanes, TVector>(ref c, ref d);
            var median = TLanes.Max(c, TLanes.Min(d, g));
            TLanes.Store(TLanes.Fma(median, factors, TLanes.Load(sum + i)), sum + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Sort<TLanes, TVector>(ref TVector low, ref TVector high)
        where TLanes : struct, ILanes<TVector>
    {
        var least = TLanes.Min(low, high);
        high = TLanes.Max(low, high);
        low = least;
    }
}
