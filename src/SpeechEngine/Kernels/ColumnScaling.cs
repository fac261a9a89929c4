using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SpeechEngine.Kernels;

/// <summary>Gives every column of a matrix the mean 0 and the (biased) variance 1: (x - mean)/√(variance + 1e-9), in place.</summary>
static unsafe class ColumnScaling
{
    const float Epsilon = 1e-9f;

    /// <summary>Works on [rows, columns], rows <paramref name="stride"/> floats apart; columns up to the next whole vector are written too.</summary>
    public static void Standardise(float* matrix, int rows, int columns, nint stride)
    {
        switch (Simd.Width)
        {
            case SimdWidth.Vector512:
                Run<Lanes512, Vector512<float>>(matrix, rows, columns, stride);
                break;
            case SimdWidth.Vector256:
                Run<Lanes256, Vector256<float>>(matrix, rows, columns, stride);
                break;
            case SimdWidth.Vector128:
                Run<Lanes128, Vector128<float>>(matrix, rows, columns, stride);
                break;
            default:
                Run<LanesScalar, float>(matrix, rows, columns, stride);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Run<TLanes, TVector>(float* matrix, int rows, int columns, nint stride)
        where TLanes : struct, ILanes<TVector>
    {
        var scales = stackalloc float[TLanes.Count];
        var share = TLanes.Create(1f / rows);
        for (var first = 0; first < columns; first += TLanes.Count)
        {
            var column = matrix + first;
            var sum = TLanes.Create(0f);
            for (var row = 0; row < rows; row++)
            {
                sum = TLanes.Add(sum, TLanes.Load(column + (row * stride)));
            }

            var mean = TLanes.Multiply(sum, share);
            var squares = TLanes.Create(0f);
            for (var row = 0; row < rows; row++)
            {
                var difference = TLanes.Subtract(TLanes.Load(column + (row * stride)), mean);
                squares = TLanes.Fma(difference, difference, squares);
            }

            TLanes.Store(TLanes.Multiply(squares, share), scales);
            for (var i = 0; i < TLanes.Count; i++)
            {
                scales[i] = 1f / MathF.Sqrt(scales[i] + Epsilon);
            }

            var scale = TLanes.Load(scales);
            for (var row = 0; row < rows; row++)
            {
                var at = column + (row * stride);
                TLanes.Store(TLanes.Multiply(TLanes.Subtract(TLanes.Load(at), mean), scale), at);
            }
        }
    }
}
