using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SpeechEngine.Kernels;

/// <summary>Layer normalisation of one row: y = (x - mean) / √(variance + 1e-5) · gain + bias, with the biased variance.</summary>
static unsafe class LayerNorm
{
    const float Epsilon = 1e-5f;

    /// <summary>Normalises one row of <paramref name="count"/> values, a multiple of 32; <paramref name="y"/> may be <paramref name="x"/>.</summary>
    public static void Compute(float* x, float* gain, float* bias, int count, float* y)
    {
        switch (Simd.Width)
        {
            case SimdWidth.Vector512:
                Compute512(x, gain, bias, count, y);
                break;
            case SimdWidth.Vector256:
                Compute256(x, gain, bias, count, y);
                break;
            case SimdWidth.Vector128:
                Compute128(x, gain, bias, count, y);
                break;
            default:
                ComputeScalar(x, gain, bias, count, y);
                break;
        }
    }

    internal static void Compute512(float* x, float* gain, float* bias, int count, float* y) => Run<Lanes512, Vector512<float>>(x, gain, bias, count, y);

    internal static void Compute256(float* x, float* gain, float* bias, int count, float* y) => Run<Lanes256, Vector256<float>>(x, gain, bias, count, y);

    internal static void Compute128(float* x, float* gain, float* bias, int count, float* y) => Run<Lanes128, Vector128<float>>(x, gain, bias, count, y);

    internal static void ComputeScalar(float* x, float* gain, float* bias, int count, float* y) => Run<LanesScalar, float>(x, gain, bias, count, y);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Run<TLanes, TVector>(float* x, float* gain, float* bias, int count, float* y)
        where TLanes : struct, ILanes<TVector>
    {
        var sum = TLanes.Create(0f);
        for (var i = 0; i < count; i += TLanes.Count)
        {
            sum = TLanes.Add(sum, TLanes.Load(x + i));
        }

        // The second pass works on differences: a large mean would otherwise swallow the variance.
        var mean = TLanes.Create(TLanes.Sum(sum) / count);
        var squares = TLanes.Create(0f);
        for (var i = 0; i < count; i += TLanes.Count)
        {
            var difference = TLanes.Subtract(TLanes.Load(x + i), mean);
            squares = TLanes.Fma(difference, difference, squares);
        }

        var scale = TLanes.Create(1f / MathF.Sqrt((TLanes.Sum(squares) / count) + Epsilon));
        for (var i = 0; i < count; i += TLanes.Count)
        {
            var normal = TLanes.Multiply(TLanes.Subtract(TLanes.Load(x + i), mean), scale);
            TLanes.Store(TLanes.Fma(normal, TLanes.Load(gain + i), TLanes.Load(bias + i)), y + i);
        }
    }
}
