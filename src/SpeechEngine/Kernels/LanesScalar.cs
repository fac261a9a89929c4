using System.Runtime.CompilerServices;

namespace SpeechEngine.Kernels;

/// <summary>One float at a time: the fallback for machines without vectors and the specification the wider paths are tested against.</summary>
readonly unsafe struct LanesScalar : ILanes<float>
{
    public static int Count => 1;

    public static float Create(float value) => value;

    public static float Load(float* source) => *source;

    public static void Store(float value, float* destination) => *destination = value;

    public static float Add(float left, float right) => left + right;

    public static float Subtract(float left, float right) => left - right;

    public static float Multiply(float left, float right) => left * right;

    public static float Divide(float left, float right) => left / right;

    // Not MathF.FusedMultiplyAdd: without the instruction that is a library call per element.
    public static float Fma(float a, float b, float c) => (a * b) + c;

    public static float Max(float left, float right) => left > right ? left : right;

    public static float Min(float left, float right) => left < right ? left : right;

    public static float Round(float value) => MathF.Round(value);

    public static float PowerOfTwo(float exponent) => BitConverter.Int32BitsToSingle(((int)exponent + 127) << 23);

    public static float Sum(float value) => value;

    public static float Largest(float value) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadHalfBits(ushort* source) =>
        BitConverter.Int32BitsToSingle(((short)*source << 13) & unchecked((int)0x8FFFE000));

    public static float LoadBytes(sbyte* source) => *source;

    public static void StoreHalfBits(float value, ushort* destination) => *destination = HalfBits.From(value);
}
