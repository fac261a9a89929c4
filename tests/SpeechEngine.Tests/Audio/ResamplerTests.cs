using SpeechEngine.Audio;

namespace SpeechEngine.Tests.Audio;

public sealed class ResamplerTests
{
    public static TheoryData<int> Rates => [8_000, 11_025, 12_345, 16_001, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000];

    [Theory]
    [MemberData(nameof(Rates))]
    public void Sweep_through_the_pass_band_arrives_unchanged_and_on_time(int rate)
    {
        const double Seconds = 2;
        const int Edge = PcmAudio.SampleRate / 20; // the sweep begins and ends abruptly, which no band limit can keep
        var highest = 0.9 * Math.Min(rate, PcmAudio.SampleRate) / 2;

        var actual = Resample(Tone.Sweep(50, highest, Seconds, rate), rate);

        var expected = Tone.Sweep(50, highest, Seconds, PcmAudio.SampleRate);
        Assert.Equal(expected.Length, actual.Length);
        var error = new float[expected.Length];
        for (var i = 0; i < error.Length; i++)
        {
            error[i] = actual[i] - expected[i];
        }

        var ratio = Tone.Decibels(Tone.Rms(expected.AsSpan(Edge..^Edge)) / Tone.Rms(error.AsSpan(Edge..^Edge)));
        Assert.True(ratio > 80, $"{ratio:0.0} dB");
    }

    [Theory]
    [MemberData(nameof(Rates))]
    public void Tones_above_the_band_do_not_fold_back(int rate)
    {
        const int Edge = PcmAudio.SampleRate / 20;
        foreach (var frequency in new[] { 8_050.0, 9_000, 12_000, 20_000, 0.49 * rate }.Where(f => f > 8_000 && f < rate / 2.0))
        {
            var actual = Resample(Tone.Sine(frequency, rate, rate, amplitude: 1), rate);

            var level = Tone.Decibels(Tone.Rms(actual.AsSpan(Edge..^Edge)) / Math.Sqrt(0.5));
            Assert.True(level < -70, $"{frequency} Hz: {level:0.0} dB");
        }
    }

    [Theory]
    [MemberData(nameof(Rates))]
    public void Constant_stays_constant(int rate)
    {
        var input = new float[rate];
        Array.Fill(input, 0.75f);

        var actual = Resample(input, rate);

        foreach (var sample in actual[2_000..^2_000])
        {
            Assert.Equal(0.75f, sample, 1e-5f);
        }
    }

    [Theory]
    [InlineData(8_000)]
    [InlineData(11_025)]
    [InlineData(44_100)]
    [InlineData(48_000)]
    public void Impulse_stays_at_its_time_and_symmetric(int rate)
    {
        var input = new float[rate];
        input[rate / 5] = 1; // 0.2 s: a sample at both rates

        var actual = Resample(input, rate);

        const int Middle = PcmAudio.SampleRate / 5;
        Assert.Equal(Middle, Array.IndexOf(actual, actual.Max()));
        for (var i = 1; i < 1_000; i++)
        {
            Assert.Equal(actual[Middle - i], actual[Middle + i], 1e-6f);
        }
    }

    [Theory]
    [MemberData(nameof(Rates))]
    public void Length_is_exact_for_any_input(int rate)
    {
        foreach (var count in Enumerable.Range(0, 70).Concat([1_000, 4_095, 8_192, 8_193, 12_345, 50_000]))
        {
            var expected = Math.Round((decimal)count * PcmAudio.SampleRate / rate, MidpointRounding.AwayFromZero);

            Assert.Equal((int)expected, Resample(new float[count], rate).Length);
        }
    }

    [Theory]
    [MemberData(nameof(Rates))]
    public void Block_size_makes_no_difference(int rate)
    {
        var input = Tone.Sweep(100, 3_000, 0.7, rate);
        var whole = Resample(input, rate);

        foreach (var block in new[] { 1, 7, 1_000, 9_999 })
        {
            Assert.Equal(whole, Resample(input, rate, block));
        }
    }

    [Fact]
    public void Samples_at_16_kHz_pass_through_untouched()
    {
        var input = Tone.Sweep(0, 8_000, 1, PcmAudio.SampleRate);

        Assert.Equal(input, Resample(input, PcmAudio.SampleRate));
    }

    [Theory]
    [InlineData(44_100)]
    [InlineData(12_345)]
    public void Blocks_allocate_nothing(int rate)
    {
        var resampler = new Resampler(rate);
        var input = new float[4_096];
        var output = new float[resampler.OutputCapacity(input.Length)];

        Assert.Equal(0, Allocations.Of(() =>
        {
            for (var i = 0; i < 50; i++)
            {
                resampler.Process(input, output);
            }
        }));
    }

    [Theory]
    [InlineData(767_999)]
    [InlineData(44_101)]
    [InlineData(1_001)]
    public void Odd_rates_need_little_memory(int rate)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();

        _ = new Resampler(rate);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 4 << 20);
    }

    [Fact]
    public void Output_that_is_too_small_is_refused()
    {
        var resampler = new Resampler(8_000);

        Assert.Throws<ArgumentOutOfRangeException>(() => resampler.Process(new float[100], new float[100]));
    }

    static float[] Resample(float[] input, int rate, int block = 4_096)
    {
        var resampler = new Resampler(rate);
        var output = new float[resampler.OutputCapacity(block)];
        var result = new List<float>();
        for (var start = 0; start < input.Length; start += block)
        {
            var count = resampler.Process(input.AsSpan(start, Math.Min(block, input.Length - start)), output);
            result.AddRange(output.AsSpan(0, count));
        }

        result.AddRange(output.AsSpan(0, resampler.Finish(output)));
        return [.. result];
    }
}
