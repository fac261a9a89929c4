using System.Runtime.CompilerServices;

namespace SpeechEngine.Kernels;

/// <summary>e^x in single precision, written over the lanes of any width; every width gives the same bits up to fused rounding.</summary>
static class Exponential
{
    // Beyond these the result would be denormal or infinite.
    const float Lowest = -86.5f;
    const float Highest = 88.3f;
    const float Log2E = 1.44269504f;

    // ln 2 in two parts, so that n·ln 2 is subtracted without losing the low bits of x.
    const float Ln2High = 0.693359375f;
    const float Ln2Low = -2.12194440e-4f;

    /// <summary>e^x: 2^n · e^r with |r| at most ln(2)/2 and a polynomial of degree 6 for e^r (relative error about 1e-7).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Of<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
    {
        x = TLanes.Min(TLanes.Max(x, TLanes.Create(Lowest)), TLanes.Create(Highest));
        var n = TLanes.Round(TLanes.Multiply(x, TLanes.Create(Log2E)));
        var r = TLanes.Fma(n, TLanes.Create(-Ln2High), x);
        r = TLanes.Fma(n, TLanes.Create(-Ln2Low), r);

        var p = TLanes.Create(1.9875691500e-4f);
        p = TLanes.Fma(p, r, TLanes.Create(1.3981999507e-3f));
        p = TLanes.Fma(p, r, TLanes.Create(8.3334519073e-3f));
        p = TLanes.Fma(p, r, TLanes.Create(4.1665795894e-2f));
        p = TLanes.Fma(p, r, TLanes.Create(1.6666665459e-1f));
        p = TLanes.Fma(p, r, TLanes.Create(5.0000001201e-1f));
        var one = TLanes.Create(1f);
        p = TLanes.Fma(TLanes.Multiply(p, r), r, TLanes.Add(r, one));
        return TLanes.Multiply(p, TLanes.PowerOfTwo(n));
    }
}
