using System.Runtime.Intrinsics;
using SpeechEngine.Kernels;
using SpeechEngine.Speech.Spectral;
using SpeechEngine.Tests.Kernels;

namespace SpeechEngine.Tests.Speech;

public sealed unsafe class SpeechNetworkTests
{
    const int C = SpeechNetwork.Channels;
    const int F = SpeechFeatures.Count;

    [Theory]
    [MemberData(nameof(Widths.Available), MemberType = typeof(Widths))]
    public void Every_width_computes_the_network_of_its_description(SimdWidth width)
    {
        foreach (var frames in new[] { 1, 7, 16, 33, 200 })
        {
            var features = Widths.Random(F * frames, frames, 2f);
            var numbers = Widths.Random(SpeechNetwork.Numbers, 3, 0.4f);
            var actual = Compute(width, numbers, features, frames);
            var expected = Described(numbers, features, frames);

            for (var i = 0; i < frames; i++)
            {
                Assert.Equal(expected[i], actual[i], 1e-5);
            }
        }
    }

    [Fact]
    public void The_table_has_all_numbers() => Assert.Equal(SpeechNetwork.Numbers, SpeechNumbers.All.Length);

    static float[] Compute(SimdWidth width, float[] numbers, float[] features, int frames)
    {
        var stride = SpeechNetwork.Stride(frames);
        using var work = AlignedBuffer.ForFloats(SpeechNetwork.WorkFloats(frames));
        using var rows = AlignedBuffer.ForFloats(stride * F);
        using var probabilities = AlignedBuffer.ForFloats(stride);

        // What lies around must not matter.
        new Span<float>(work.Floats, SpeechNetwork.WorkFloats(frames)).Fill(1e9f);
        new Span<float>(rows.Floats, stride * F).Fill(1e9f);
        for (var row = 0; row < F; row++)
        {
            features.AsSpan(row * frames, frames).CopyTo(new Span<float>(rows.Floats + (row * stride), frames));
        }

        fixed (float* table = numbers)
        {
            switch (width)
            {
                case SimdWidth.Vector512:
                    SpeechNetwork.Run<Lanes512, Vector512<float>>(table, rows.Floats, stride, frames, work.Floats, probabilities.Floats);
                    break;
                case SimdWidth.Vector256:
                    SpeechNetwork.Run<Lanes256, Vector256<float>>(table, rows.Floats, stride, frames, work.Floats, probabilities.Floats);
                    break;
                case SimdWidth.Vector128:
                    SpeechNetwork.Run<Lanes128, Vector128<float>>(table, rows.Floats, stride, frames, work.Floats, probabilities.Floats);
                    break;
                default:
                    SpeechNetwork.Run<LanesScalar, float>(table, rows.Floats, stride, frames, work.Floats, probabilities.Floats);
                    break;
            }
        }

        return new Span<float>(probabilities.Floats, frames).ToArray();
    }

    /// <summary>The description in double precision, one value at a time.</summary>
    static double[] Described(float[] numbers, float[] features, int frames)
    {
        var at = 0;
        var x = Mixed(features.Select(value => (double)value).ToArray(), F);
        foreach (var apart in new[] { 1, 3, 9, 27 })
        {
            var sums = new double[C * frames];
            for (var i = 0; i < sums.Length; i++)
            {
                for (var tap = 0; tap < 5; tap++)
                {
                    var moment = (i % frames) + ((tap - 2) * apart);
                    sums[i] += moment >= 0 && moment < frames ? numbers[at + (i / frames * 5) + tap] * x[(i / frames * frames) + moment] : 0;
                }
            }

            at += C * 5;
            var mixed = Mixed(sums, C);
            x = [.. x.Zip(mixed, (before, added) => before + added)];
        }

        return [.. Enumerable.Range(0, frames).Select(frame =>
            1 / (1 + Math.Exp(-numbers[at + C] - Enumerable.Range(0, C).Sum(channel => numbers[at + channel] * x[(channel * frames) + frame]))))];

        double[] Mixed(double[] values, int inputs)
        {
            var mixed = new double[C * frames];
            for (var i = 0; i < mixed.Length; i++)
            {
                var sum = (double)numbers[at + (C * inputs) + (i / frames)];
                for (var input = 0; input < inputs; input++)
                {
                    sum += numbers[at + (i / frames * inputs) + input] * values[(input * frames) + (i % frames)];
                }

                mixed[i] = Math.Max(0, sum);
            }

            at += (C * inputs) + C;
            return mixed;
        }
    }
}
