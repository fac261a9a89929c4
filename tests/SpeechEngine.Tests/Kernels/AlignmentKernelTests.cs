using System.Runtime.Intrinsics;
using SpeechEngine.Kernels;

namespace SpeechEngine.Tests.Kernels;

/// <summary>The kernels of word alignment, each width against plain loops.</summary>
public sealed unsafe class AlignmentKernelTests
{
    const int Stride = 176;

    public static TheoryData<SimdWidth> Available => Widths.Available;

    [Theory]
    [MemberData(nameof(Available))]
    public void Columns_get_mean_0_and_variance_1(SimdWidth width)
    {
        const int Rows = 7;
        const int Columns = 133;
        using var buffer = AlignedBuffer.ForFloats(Rows * Stride);
        var values = Widths.Random(Rows * Stride, seed: 1, range: 3);
        for (var row = 0; row < Rows; row++)
        {
            // A column without any variance stays finite.
            values[(row * Stride) + 5] = 0.25f;
        }

        values.CopyTo(new Span<float>(buffer.Floats, values.Length));
        switch (width)
        {
            case SimdWidth.Vector512: ColumnScaling.Run<Lanes512, Vector512<float>>(buffer.Floats, Rows, Columns, Stride); break;
            case SimdWidth.Vector256: ColumnScaling.Run<Lanes256, Vector256<float>>(buffer.Floats, Rows, Columns, Stride); break;
            case SimdWidth.Vector128: ColumnScaling.Run<Lanes128, Vector128<float>>(buffer.Floats, Rows, Columns, Stride); break;
            default: ColumnScaling.Run<LanesScalar, float>(buffer.Floats, Rows, Columns, Stride); break;
        }

        for (var column = 0; column < Columns; column++)
        {
            var before = Enumerable.Range(0, Rows).Select(row => (double)values[(row * Stride) + column]).ToArray();
            var mean = before.Average();
            var deviation = Math.Sqrt(before.Average(value => (value - mean) * (value - mean)) + 1e-9);
            for (var row = 0; row < Rows; row++)
            {
                Assert.Equal((before[row] - mean) / deviation, buffer.Floats[(row * Stride) + column], 1e-3);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Available))]
    public void Medians_of_seven_are_those_of_sorting(SimdWidth width)
    {
        const int Count = 150;
        using var mirrored = AlignedBuffer.ForFloats(Count + 6);
        using var sum = AlignedBuffer.ForFloats(Count);
        var values = Widths.Random(Count + 6, seed: 2);
        for (var i = 20; i < 40; i++)
        {
            values[i] = MathF.Round(values[i] * 2);
        }

        values.CopyTo(new Span<float>(mirrored.Floats, values.Length));
        new Span<float>(sum.Floats, Count).Fill(1f);
        switch (width)
        {
            case SimdWidth.Vector512: MedianFilter.Run<Lanes512, Vector512<float>>(mirrored.Floats, Count, 0.5f, sum.Floats); break;
            case SimdWidth.Vector256: MedianFilter.Run<Lanes256, Vector256<float>>(mirrored.Floats, Count, 0.5f, sum.Floats); break;
            case SimdWidth.Vector128: MedianFilter.Run<Lanes128, Vector128<float>>(mirrored.Floats, Count, 0.5f, sum.Floats); break;
            default: MedianFilter.Run<LanesScalar, float>(mirrored.Floats, Count, 0.5f, sum.Floats); break;
        }

        for (var i = 0; i < Count; i++)
        {
            Assert.Equal(1f + (0.5f * values[i..(i + 7)].Order().ElementAt(3)), sum.Floats[i], 1e-6f);
        }
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(100)]
    public void A_row_is_mirrored_at_its_ends(int count)
    {
        using var row = AlignedBuffer.ForFloats(count);
        using var work = AlignedBuffer.ForFloats(count + 6);
        using var sum = AlignedBuffer.ForFloats(count);
        var values = Widths.Random(count, seed: 3);
        values.CopyTo(new Span<float>(row.Floats, count));

        MedianFilter.Add(row.Floats, count, 1f, work.Floats, sum.Floats);

        for (var i = 0; i < count; i++)
        {
            var neighbours = Enumerable.Range(i - 3, 7).Select(at => values[at < 0 ? -at : at >= count ? (2 * count) - 2 - at : at]);
            Assert.Equal(neighbours.Order().ElementAt(3), sum.Floats[i]);
        }
    }

    [Theory]
    [MemberData(nameof(Available))]
    public void The_best_start_is_found_for_every_end(SimdWidth width)
    {
        const int Count = 133;
        foreach (var reach in new[] { 1, 2, 7, 40, 133 })
        {
            using var buffer = AlignedBuffer.ForFloats(2 * Stride);
            using var results = AlignedBuffer.ForFloats(Stride);
            var values = Widths.Random(Count, seed: reach);
            var penalties = Widths.Random(reach + 1, seed: reach + 1);
            new Span<float>(buffer.Floats, Stride).Fill(float.NegativeInfinity);
            values.CopyTo(new Span<float>(buffer.Floats + Stride, Count));
            fixed (float* first = penalties)
            {
                var start = buffer.Floats + Stride;
                switch (width)
                {
                    case SimdWidth.Vector512: MaxConvolution.Run<Lanes512, Vector512<float>>(start, Count, first, reach, results.Floats); break;
                    case SimdWidth.Vector256: MaxConvolution.Run<Lanes256, Vector256<float>>(start, Count, first, reach, results.Floats); break;
                    case SimdWidth.Vector128: MaxConvolution.Run<Lanes128, Vector128<float>>(start, Count, first, reach, results.Floats); break;
                    default: MaxConvolution.Run<LanesScalar, float>(start, Count, first, reach, results.Floats); break;
                }
            }

            for (var i = 0; i < Count; i++)
            {
                var expected = Enumerable.Range(1, reach).Where(d => d <= i).Select(d => values[i - d] - penalties[d]).DefaultIfEmpty(float.NegativeInfinity).Max();
                Assert.Equal(expected, results.Floats[i]);
            }
        }
    }
}
