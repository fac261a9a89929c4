using SpeechEngine.Kernels;

namespace SpeechEngine.Tests.Kernels;

/// <summary>The widths this machine can run: each kernel test goes through all of them.</summary>
static class Widths
{
    public static TheoryData<SimdWidth> Available => [.. Enum.GetValues<SimdWidth>().Where(width => width <= Simd.Width)];

    /// <summary>Values between -range and range, the same in every run.</summary>
    public static float[] Random(int count, int seed, float range = 1f)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => ((random.NextSingle() * 2f) - 1f) * range)];
    }
}
