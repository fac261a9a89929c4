namespace SpeechEngine.Loading;

/// <summary>How a tensor's values are stored; the numbers are ggml's.</summary>
enum TensorType
{
    F32 = 0,
    F16 = 1,
    Q4_0 = 2,
    Q4_1 = 3,
    Q5_0 = 6,
    Q5_1 = 7,
    Q8_0 = 8,
}

/// <summary>Sizes of the stored types.</summary>
static class TensorTypes
{
    /// <summary>Values per block of the quantised types.</summary>
    public const int BlockValues = 32;

    /// <summary>Whether values come in blocks of 32 with a shared scale.</summary>
    public static bool IsQuantised(this TensorType type) => type is not (TensorType.F32 or TensorType.F16);

    /// <summary>Bytes of <paramref name="values"/> consecutive values, a multiple of 32 for quantised types; 0 for an unknown type.</summary>
    public static long Bytes(this TensorType type, long values) => type switch
    {
        TensorType.F32 => values * 4,
        TensorType.F16 => values * 2,
        TensorType.Q4_0 => values / BlockValues * 18,
        TensorType.Q4_1 => values / BlockValues * 20,
        TensorType.Q5_0 => values / BlockValues * 22,
        TensorType.Q5_1 => values / BlockValues * 24,
        TensorType.Q8_0 => values / BlockValues * 34,
        _ => 0,
    };
}
