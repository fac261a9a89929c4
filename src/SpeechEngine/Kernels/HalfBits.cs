using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SpeechEngine.Kernels;

/// <summary>
/// Rounds floats to binary16 bits, ties to even, for the caches of keys and values. Values below the smallest normal (6.1e-5) become
/// zero, so that no product ever meets a denormal, and values beyond ±65504 are held there: a cache entry must not become infinite.
/// </summary>
static unsafe class HalfBits
{
    /// <summary>Bits of 65504.</summary>
    public const uint Largest = 0x7BFF;

    /// <summary>Bits of the float 2^-14.</summary>
    public const uint SmallestNormal = 0x38800000;

    /// <summary>Converts <paramref name="count"/> values, a multiple of 32.</summary>
    public static void Convert(float* source, int count, ushort* destination)
    {
        switch (Simd.Width)
        {
            case SimdWidth.Vector512:
                Convert512(source, count, destination);
                break;
            case SimdWidth.Vector256:
                Convert256(source, count, destination);
                break;
            case SimdWidth.Vector128:
                Convert128(source, count, destination);
                break;
            default:
                ConvertScalar(source, count, destination);
                break;
        }
    }

    /// <summary>One value: the specification of the wider paths.</summary>
    public static ushort From(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        var magnitude = bits & 0x7FFFFFFF;
        var rounded = ((magnitude + 0xFFF + ((magnitude >> 13) & 1)) >> 13) - (112u << 10);
        rounded = magnitude < SmallestNormal ? 0 : Math.Min(rounded, Largest);
        return (ushort)(((bits >> 16) & 0x8000) | rounded);
    }

    internal static void Convert512(float* source, int count, ushort* destination) =>
        Run<Lanes512, Vector512<float>>(source, count, destination);

    internal static void Convert256(float* source, int count, ushort* destination) =>
        Run<Lanes256, Vector256<float>>(source, count, destination);

    internal static void Convert128(float* source, int count, ushort* destination) =>
        Run<Lanes128, Vector128<float>>(source, count, destination);

    internal static void ConvertScalar(float* source, int count, ushort* destination) =>
        Run<LanesScalar, float>(source, count, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Run<TLanes, TVector>(float* source, int count, ushort* destination)
        where TLanes : struct, ILanes<TVector>
    {
        for (var i = 0; i < count; i += TLanes.Count)
        {
            TLanes.StoreHalfBits(TLanes.Load(source + i), destination + i);
        }
    }
}
