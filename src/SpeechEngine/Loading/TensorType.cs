using System.Diagnostics.CodeAnalysis;

namespace SpeechEngine.Loading;

/// <summary>How a tensor's values are stored in a model file; names and numbers are ggml's.</summary>
[SuppressMessage("Naming", "CA1707", Justification = "ggml's names.")]
public enum TensorType
{
    /// <summary>binary32.</summary>
    F32 = 0,

    /// <summary>binary16.</summary>
    F16 = 1,

    /// <summary>4 bits and a scale per 32 values: 4.5 bits a value.</summary>
    Q4_0 = 2,

    /// <summary>4 bits, a scale and a minimum per 32 values: 5 bits a value.</summary>
    Q4_1 = 3,

    /// <summary>5 bits and a scale per 32 values: 5.5 bits a value.</summary>
    Q5_0 = 6,

    /// <summary>5 bits, a scale and a minimum per 32 values: 6 bits a value.</summary>
    Q5_1 = 7,

    /// <summary>8 bits and a scale per 32 values: 8.5 bits a value.</summary>
    Q8_0 = 8,

    /// <summary>2 bits, a scale and a minimum per 16 values, in superblocks of 256: 2.6 bits a value.</summary>
    Q2_K = 10,

    /// <summary>3 bits and a scale per 16 values, in superblocks of 256: 3.4 bits a value.</summary>
    Q3_K = 11,

    /// <summary>4 bits, a scale and a minimum per 32 values, in superblocks of 256: 4.5 bits a value.</summary>
    Q4_K = 12,

    /// <summary>5 bits, a scale and a minimum per 32 values, in superblocks of 256: 5.5 bits a value.</summary>
    Q5_K = 13,

    /// <summary>6 bits and a scale per 16 values, in superblocks of 256: 6.6 bits a value.</summary>
    Q6_K = 14,
}

/// <summary>Sizes of the stored types.</summary>
static class TensorTypes
{
    /// <summary>Most values that share a scale, in any quantised type.</summary>
    public const int LargestGroup = 32;

    /// <summary>Values per superblock of the types q2_K to q6_K.</summary>
    public const int SuperBlockValues = 256;

    /// <summary>Whether the engine knows the type.</summary>
    public static bool IsKnown(this TensorType type) => type.BlockBytes() > 0;

    /// <summary>Whether values come in blocks with shared scales.</summary>
    public static bool IsQuantised(this TensorType type) => type is not (TensorType.F32 or TensorType.F16);

    /// <summary>Whether blocks are superblocks of 256 values, whose groups' scales are quantised in their turn.</summary>
    public static bool HasSuperBlocks(this TensorType type) => type is >= TensorType.Q2_K and <= TensorType.Q6_K;

    /// <summary>Values per block; a row holds whole blocks.</summary>
    public static int BlockValues(this TensorType type) =>
        !type.IsQuantised() ? 1 : type.HasSuperBlocks() ? SuperBlockValues : LargestGroup;

    /// <summary>Consecutive values with one scale and minimum: 16 or 32.</summary>
    public static int GroupValues(this TensorType type) =>
        type is TensorType.Q2_K or TensorType.Q3_K or TensorType.Q6_K ? 16 : LargestGroup;

    /// <summary>Bytes of a block; 0 for an unknown type.</summary>
    public static int BlockBytes(this TensorType type) => type switch
    {
        TensorType.F32 => 4,
        TensorType.F16 => 2,
        TensorType.Q4_0 => 18,
        TensorType.Q4_1 => 20,
        TensorType.Q5_0 => 22,
        TensorType.Q5_1 => 24,
        TensorType.Q8_0 => 34,
        TensorType.Q2_K => 84,
        TensorType.Q3_K => 110,
        TensorType.Q4_K => 144,
        TensorType.Q5_K => 176,
        TensorType.Q6_K => 210,
        _ => 0,
    };

    /// <summary>Bytes of <paramref name="values"/> consecutive values in whole blocks.</summary>
    public static long Bytes(this TensorType type, long values) => values / type.BlockValues() * type.BlockBytes();

    /// <summary>ggml's spelling: f32, q5_1, q4_K.</summary>
    public static string Name(this TensorType type) => type.HasSuperBlocks() ? $"q{type.ToString()[1..]}" : type.ToString().ToLowerInvariant();
}
