using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SpeechEngine.Kernels;

/// <summary>
/// GELU in its tanh form, as whisper.cpp computes it: 0.5·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))).
/// Written as x / (1 + e^(-2u)), which is the same function with one exponential.
/// </summary>
static unsafe class Gelu
{
    const float RootTwoOverPi = 0.79788456f;

    /// <summary>Replaces <paramref name="count"/> values (rounded up to whole vectors) by their GELU.</summary>
    public static void Compute(float* values, int count)
    {
        switch (Simd.Width)
        {
            case SimdWidth.Vector512:
                Compute512(values, count);
                break;
            case SimdWidth.Vector256:
                Compute256(values, count);
                break;
            case SimdWidth.Vector128:
                Compute128(values, count);
                break;
            default:
                ComputeScalar(values, count);
                break;
        }
    }

    internal static void Compute512(float* values, int count) => Run<Lanes512, Vector512<float>>(values, count);

    internal static void Compute256(float* values, int count) => Run<Lanes256, Vector256<float>>(values, count);

    internal static void Compute128(float* values, int count) => Run<Lanes128, Vector128<float>>(values, count);

    internal static void ComputeScalar(float* values, int count) => Run<LanesScalar, float>(values, count);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Run<TLanes, TVector>(float* values, int count)
        where TLanes : struct, ILanes<TVector>
    {
        var cubic = TLanes.Create(-2f * RootTwoOverPi * 0.044715f);
        var linear = TLanes.Create(-2f * RootTwoOverPi);
        var one = TLanes.Create(1f);
        for (var i = 0; i < count; i += TLanes.Count)
        {
            var x = TLanes.Load(values + i);
            var minus2U = TLanes.Multiply(x, TLanes.Fma(TLanes.Multiply(x, x), cubic, linear));
            var e = Exponential.Of<TLanes, TVector>(minus2U);
            TLanes.Store(TLanes.Divide(x, TLanes.Add(one, e)), values + i);
        }
    }
}
