using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SpeechEngine.Kernels;

/// <summary>
/// One step of a long short-term memory after its products: c = σ(f)·c + σ(i)·tanh(g), h = σ(o)·tanh(c), with
/// σ(x) = 1 / (1 + e^-x) and tanh(x) = 2σ(2x) - 1.
/// </summary>
static unsafe class LstmCell
{
    /// <summary>Updates the cell and writes the new hidden state.</summary>
    /// <param name="gates">Sums before activation, [4, count]: input, forget, candidate (g), output.</param>
    /// <param name="count">Width of the state, a multiple of 16.</param>
    public static void Step(float* gates, float* cell, float* hidden, int count)
    {
        switch (Simd.Width)
        {
            case SimdWidth.Vector512:
                Step512(gates, cell, hidden, count);
                break;
            case SimdWidth.Vector256:
                Step256(gates, cell, hidden, count);
                break;
            case SimdWidth.Vector128:
                Step128(gates, cell, hidden, count);
                break;
            default:
                StepScalar(gates, cell, hidden, count);
                break;
        }
    }

    internal static void Step512(float* gates, float* cell, float* hidden, int count) => Run<Lanes512, Vector512<float>>(gates, cell, hidden, count);

    internal static void Step256(float* gates, float* cell, float* hidden, int count) => Run<Lanes256, Vector256<float>>(gates, cell, hidden, count);

    internal static void Step128(float* gates, float* cell, float* hidden, int count) => Run<Lanes128, Vector128<float>>(gates, cell, hidden, count);

    internal static void StepScalar(float* gates, float* cell, float* hidden, int count) => Run<LanesScalar, float>(gates, cell, hidden, count);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Run<TLanes, TVector>(float* gates, float* cell, float* hidden, int count)
        where TLanes : struct, ILanes<TVector>
    {
        for (var i = 0; i < count; i += TLanes.Count)
        {
            var input = Sigmoid<TLanes, TVector>(TLanes.Load(gates + i));
            var forget = Sigmoid<TLanes, TVector>(TLanes.Load(gates + count + i));
            var candidate = Tanh<TLanes, TVector>(TLanes.Load(gates + (2 * count) + i));
            var output = Sigmoid<TLanes, TVector>(TLanes.Load(gates + (3 * count) + i));
            var state = TLanes.Fma(forget, TLanes.Load(cell + i), TLanes.Multiply(input, candidate));
            TLanes.Store(state, cell + i);
            TLanes.Store(TLanes.Multiply(output, Tanh<TLanes, TVector>(state)), hidden + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector Sigmoid<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
    {
        var one = TLanes.Create(1f);
        return TLanes.Divide(one, TLanes.Add(one, Exponential.Of<TLanes, TVector>(TLanes.Subtract(TLanes.Create(0f), x))));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector Tanh<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector> =>
        TLanes.Fma(TLanes.Create(2f), Sigmoid<TLanes, TVector>(TLanes.Add(x, x)), TLanes.Create(-1f));
}
