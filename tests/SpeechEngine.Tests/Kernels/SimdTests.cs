using SpeechEngine.Kernels;

namespace SpeechEngine.Tests.Kernels;

public sealed class SimdTests
{
    [Fact]
    public void The_width_is_the_one_this_run_is_meant_to_test()
    {
        var expected = Environment.GetEnvironmentVariable("SPEECH_ENGINE_EXPECT");
        Assert.SkipWhen(string.IsNullOrEmpty(expected), $"SPEECH_ENGINE_EXPECT is not set; this run uses {Simd.Width}");

        Assert.Equal(Enum.Parse<SimdWidth>(expected), Simd.Width);
    }
}
