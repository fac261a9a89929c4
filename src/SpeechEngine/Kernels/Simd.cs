using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SpeechEngine.Kernels;

/// <summary>How many floats one instruction handles.</summary>
public enum SimdWidth
{
    /// <summary>One: every machine.</summary>
    Scalar,

    /// <summary>Four: Arm NEON, or x86 without AVX2.</summary>
    Vector128,

    /// <summary>Eight: AVX2 with fused multiply-add.</summary>
    Vector256,

    /// <summary>Sixteen: AVX-512.</summary>
    Vector512,
}

/// <summary>The vector width that every kernel uses: the widest this machine has.</summary>
public static class Simd
{
    /// <summary>The width in use, fixed when the process starts; the runtime's switches (DOTNET_EnableAVX512=0 ...) narrow it.</summary>
    public static SimdWidth Width { get; } = Detect();

    static SimdWidth Detect()
    {
        // Without a fused multiply-add a wide register would only add rounding: such machines take the narrower path.
        if (Vector512.IsHardwareAccelerated && Avx512F.IsSupported && Avx512BW.IsSupported)
        {
            return SimdWidth.Vector512;
        }

        if (Vector256.IsHardwareAccelerated && Avx2.IsSupported && Fma.IsSupported)
        {
            return SimdWidth.Vector256;
        }

        return Vector128.IsHardwareAccelerated ? SimdWidth.Vector128 : SimdWidth.Scalar;
    }
}
