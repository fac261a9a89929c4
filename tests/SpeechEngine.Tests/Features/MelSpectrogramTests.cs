using SpeechEngine.Features;
using SpeechEngine.Kernels;

namespace SpeechEngine.Tests.Features;

public sealed unsafe class MelSpectrogramTests
{
    const int Bins = 201;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(40, 0)]
    [InlineData(41, 1)]
    [InlineData(359, 1)]
    [InlineData(176000, 1099)]
    public void Frames_are_counted_as_whisper_cpp_counts_them(int samples, int frames) =>
        Assert.Equal(frames, MelSpectrogram.FrameCount(samples));

    [Theory]
    [InlineData(1)]
    [InlineData(150)]
    [InlineData(4000)]
    [InlineData(4123)]
    public void Bands_agree_with_a_direct_transform_also_at_both_ends(int count)
    {
        const int Frames = 30;
        const int Mels = 20;
        var samples = Enumerable.Range(0, count).Select(i => (float)((0.5 * Math.Sin(i * 0.3)) + (0.1 * Math.Cos(i * i * 1e-4)))).ToArray();
        var random = new Random(1);
        var filters = Enumerable.Range(0, Mels * Bins).Select(_ => random.NextSingle() * 0.01f).ToArray();
        var actual = new float[Frames * Mels];
        using var spectrogram = new MelSpectrogram(filters, Mels);
        using var pool = new WorkerPool(2);
        using var work = AlignedBuffer.ForFloats(2 * MelSpectrogram.WorkFloats);
        float largest;
        fixed (float* p = actual)
        {
            largest = spectrogram.LogPowers(samples, 0, Frames, pool, work.Floats, p);
        }

        Assert.Equal(actual.Max(), largest);
        for (var frame = 0; frame < Frames; frame++)
        {
            var power = Power(samples, frame);
            for (var mel = 0; mel < Mels; mel++)
            {
                var sum = 0.0;
                for (var bin = 0; bin < Bins; bin++)
                {
                    sum += power[bin] * filters[(mel * Bins) + bin];
                }

                Assert.Equal(Math.Log10(Math.Max(sum, 1e-10)), actual[(frame * Mels) + mel], 2e-5);
            }
        }
    }

    [Fact]
    public void Normalisation_keeps_eight_decades_below_the_loudest()
    {
        float[] values = [2f, 0f, -5.9f, -6.1f, -10f];
        fixed (float* p = values)
        {
            MelSpectrogram.Normalise(p, values.Length, 2f);
        }

        Assert.Equal([1.5f, 1f, -0.475f, -0.5f, -0.5f], values.Select(v => MathF.Round(v, 4)));
    }

    /// <summary>|DFT|² of one windowed frame, straight from the definition.</summary>
    static double[] Power(float[] samples, int frame)
    {
        var power = new double[Bins];
        for (var bin = 0; bin < Bins; bin++)
        {
            double real = 0, imaginary = 0;
            for (var n = 0; n < 400; n++)
            {
                var index = Math.Abs((frame * 160) - 200 + n);
                var sample = index < samples.Length ? samples[index] : 0f;
                var windowed = sample * 0.5 * (1 - Math.Cos(2 * Math.PI * n / 400));
                real += windowed * Math.Cos(2 * Math.PI * n * bin / 400);
                imaginary -= windowed * Math.Sin(2 * Math.PI * n * bin / 400);
            }

            power[bin] = (real * real) + (imaginary * imaginary);
        }

        return power;
    }
}
