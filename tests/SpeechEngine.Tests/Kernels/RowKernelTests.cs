using SpeechEngine.Kernels;

namespace SpeechEngine.Tests.Kernels;

/// <summary>The kernels that go through one row: every width against plain double precision.</summary>
public sealed unsafe class RowKernelTests
{
    public static TheoryData<SimdWidth> Available => Widths.Available;

    [Theory]
    [MemberData(nameof(Available))]
    public void Gelu_is_the_tanh_form(SimdWidth width)
    {
        var values = Widths.Random(256, 1, 12f);
        values[0] = 0f;
        values[1] = -60f;
        values[2] = 60f;
        var actual = values.ToArray();
        fixed (float* p = actual)
        {
            switch (width)
            {
                case SimdWidth.Vector512:
                    Gelu.Compute512(p, actual.Length);
                    break;
                case SimdWidth.Vector256:
                    Gelu.Compute256(p, actual.Length);
                    break;
                case SimdWidth.Vector128:
                    Gelu.Compute128(p, actual.Length);
                    break;
                default:
                    Gelu.ComputeScalar(p, actual.Length);
                    break;
            }
        }

        for (var i = 0; i < values.Length; i++)
        {
            var x = (double)values[i];
            var expected = 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x))));
            Assert.Equal(expected, actual[i], 2e-6 * Math.Max(1, Math.Abs(x)));
        }
    }

    [Theory]
    [MemberData(nameof(Available))]
    public void Layer_norm_has_mean_zero_and_variance_one_even_far_from_zero(SimdWidth width)
    {
        const int Count = 96;
        var x = Widths.Random(Count, 2);
        for (var i = 0; i < Count; i++)
        {
            x[i] += 1000f;
        }

        var gain = Widths.Random(Count, 3);
        var bias = Widths.Random(Count, 4);
        var y = new float[Count];
        fixed (float* px = x, pg = gain, pb = bias, py = y)
        {
            switch (width)
            {
                case SimdWidth.Vector512:
                    LayerNorm.Compute512(px, pg, pb, Count, py);
                    break;
                case SimdWidth.Vector256:
                    LayerNorm.Compute256(px, pg, pb, Count, py);
                    break;
                case SimdWidth.Vector128:
                    LayerNorm.Compute128(px, pg, pb, Count, py);
                    break;
                default:
                    LayerNorm.ComputeScalar(px, pg, pb, Count, py);
                    break;
            }
        }

        var mean = x.Average(v => (double)v);
        var variance = x.Average(v => (v - mean) * (v - mean));
        for (var i = 0; i < Count; i++)
        {
            Assert.Equal(((x[i] - mean) / Math.Sqrt(variance + 1e-5) * gain[i]) + bias[i], y[i], 1e-3);
        }
    }

    [Theory]
    [MemberData(nameof(Available))]
    public void Softmax_of_any_length_sums_to_one(SimdWidth width)
    {
        for (var count = 1; count <= 70; count++)
        {
            var scores = Widths.Random(count, count, 30f);
            var (weights, sum) = RunSoftmax(width, scores, 0.125f);
            var largest = scores.Max(v => (double)v);
            var total = scores.Sum(v => Math.Exp(0.125 * (v - largest)));
            Assert.Equal(total, sum, 1e-4);
            for (var i = 0; i < count; i++)
            {
                Assert.Equal(Math.Exp(0.125 * (scores[i] - largest)) / total, weights[i] / sum, 1e-6);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Available))]
    public void Softmax_is_finite_for_huge_scores(SimdWidth width)
    {
        var (weights, sum) = RunSoftmax(width, [1000f, 1001f, 1002f, -1e30f], 1f);

        Assert.Equal(1 + Math.Exp(-1) + Math.Exp(-2), sum, 1e-5);
        Assert.Equal(1f, weights[2], 1e-6);
        Assert.Equal(0f, weights[3], 1e-30);
    }

    [Theory]
    [MemberData(nameof(Available))]
    public void Half_bits_are_those_of_the_framework_except_denormals_and_overflow(SimdWidth width)
    {
        var values = Widths.Random(512, 7, 4f);
        (values[0], values[1], values[2], values[3], values[4], values[5]) = (0f, -0f, 1e-6f, -5e-5f, 1e6f, -1e6f);
        (values[6], values[7]) = (6.103515625e-05f, 65504f);
        var bits = new ushort[values.Length];
        fixed (float* p = values)
        {
            fixed (ushort* q = bits)
            {
                switch (width)
                {
                    case SimdWidth.Vector512:
                        HalfBits.Convert512(p, values.Length, q);
                        break;
                    case SimdWidth.Vector256:
                        HalfBits.Convert256(p, values.Length, q);
                        break;
                    case SimdWidth.Vector128:
                        HalfBits.Convert128(p, values.Length, q);
                        break;
                    default:
                        HalfBits.ConvertScalar(p, values.Length, q);
                        break;
                }
            }
        }

        for (var i = 0; i < values.Length; i++)
        {
            var expected = MathF.Abs(values[i]) switch
            {
                < 6.103515625e-05f => MathF.CopySign(0f, values[i]),
                > 65504f => MathF.CopySign(65504f, values[i]),
                _ => (float)(Half)values[i],
            };
            Assert.Equal(expected, (float)BitConverter.UInt16BitsToHalf(bits[i]));
        }
    }

    [Theory]
    [MemberData(nameof(Available))]
    public void Block_rounding_leaves_multiples_of_one_step_per_block(SimdWidth width)
    {
        var values = Widths.Random(96, 8, 3f);
        values.AsSpan(32, 32).Clear();
        values.AsSpan(64, 32).Fill(3e-37f);
        var rounded = values.ToArray();
        fixed (float* p = rounded)
        {
            switch (width)
            {
                case SimdWidth.Vector512:
                    BlockRounding.Compute512(p, rounded.Length);
                    break;
                case SimdWidth.Vector256:
                    BlockRounding.Compute256(p, rounded.Length);
                    break;
                case SimdWidth.Vector128:
                    BlockRounding.Compute128(p, rounded.Length);
                    break;
                default:
                    BlockRounding.ComputeScalar(p, rounded.Length);
                    break;
            }
        }

        for (var i = 0; i < values.Length; i++)
        {
            var largest = values.AsSpan(i / 32 * 32, 32).ToArray().Max(MathF.Abs);
            var step = (float)(Half)(largest / 127f);
            Assert.Equal(values[i], rounded[i], (step * 0.6f) + 1e-30f);
            Assert.Equal(step == 0 ? 0 : MathF.Round(rounded[i] / step), step == 0 ? 0 : rounded[i] / step, 1e-3);
        }
    }

    [Fact]
    public void Reductions_handle_any_length_and_minus_infinity()
    {
        for (var count = 1; count <= 70; count++)
        {
            var values = Widths.Random(count, count, 10f);
            values[count / 2] = float.NegativeInfinity;
            var largest = values.Max();

            Assert.Equal(largest, Reduction.Largest(values));
            Assert.Equal(Array.IndexOf(values, largest), Reduction.IndexOf(values, largest));
            var expected = float.IsNegativeInfinity(largest) ? 0 : values.Sum(v => Math.Exp(v - (double)largest));
            Assert.Equal(expected, Reduction.SumOfExponentials(values, largest), 1e-4);
        }

        Assert.Equal(float.NegativeInfinity, Reduction.Largest([]));
    }

    static (float[] Weights, float Sum) RunSoftmax(SimdWidth width, float[] scores, float scale)
    {
        var row = new float[scores.Length + 32];
        scores.CopyTo(row, 0);
        float sum;
        fixed (float* p = row)
        {
            switch (width)
            {
                case SimdWidth.Vector512:
                    Softmax.Compute512(p, scores.Length, scale, &sum);
                    break;
                case SimdWidth.Vector256:
                    Softmax.Compute256(p, scores.Length, scale, &sum);
                    break;
                case SimdWidth.Vector128:
                    Softmax.Compute128(p, scores.Length, scale, &sum);
                    break;
                default:
                    Softmax.ComputeScalar(p, scores.Length, scale, &sum);
                    break;
            }
        }

        return (row[..scores.Length], sum);
    }
}
