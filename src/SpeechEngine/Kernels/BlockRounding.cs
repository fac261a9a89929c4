using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SpeechEngine.Kernels;

/// <summary>
/// Rounds activations to 8 bits per block of 32, as whisper.cpp does before it multiplies them with quantised weights: with
/// d = largest magnitude / 127, x becomes round(x / d) · F16(d). Results for quantised files then agree with whisper.cpp's to the last
/// timestamp, and are those an integer product of the same blocks gives. For superblocks (q2_K to q6_K) whisper.cpp rounds in blocks of 256;
/// copying that brought neither logits nor texts closer to its own than leaving the activations as they are, so they are left.
/// </summary>
static unsafe class BlockRounding
{
    const int BlockValues = 32;

    /// <summary>Rounds the rows of A in place when <paramref name="b"/> asks for it; otherwise does nothing.</summary>
    public static void Apply(in PanelView b, float* a, nint lda, int rows)
    {
        if (b.RoundsActivations)
        {
            for (var row = 0; row < rows; row++)
            {
                Compute(a + (row * lda), b.Inputs);
            }
        }
    }

    internal static void Compute512(float* values, int count) => Run<Lanes512, Vector512<float>>(values, count);

    internal static void Compute256(float* values, int count) => Run<Lanes256, Vector256<float>>(values, count);

    internal static void Compute128(float* values, int count) => Run<Lanes128, Vector128<float>>(values, count);

    internal static void ComputeScalar(float* values, int count) => Run<LanesScalar, float>(values, count);

    static void Compute(float* values, int count)
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Run<TLanes, TVector>(float* values, int count)
        where TLanes : struct, ILanes<TVector>
    {
        var zero = TLanes.Create(0f);
        for (var block = values; block < values + count; block += BlockValues)
        {
            var largest = zero;
            for (var i = 0; i < BlockValues; i += TLanes.Count)
            {
                var x = TLanes.Load(block + i);
                largest = TLanes.Max(largest, TLanes.Max(x, TLanes.Subtract(zero, x)));
            }

            // Values so small that their step rounds to zero are zero; their inverse would be infinite.
            var magnitude = TLanes.Largest(largest);
            var step = (float)(Half)(magnitude / 127f);
            var inverse = TLanes.Create(step > 0f ? 127f / magnitude : 0f);
            var scale = TLanes.Create(step);
            for (var i = 0; i < BlockValues; i += TLanes.Count)
            {
                var integer = TLanes.Round(TLanes.Multiply(TLanes.Load(block + i), inverse));
                TLanes.Store(TLanes.Multiply(integer, scale), block + i);
            }
        }
    }
}
