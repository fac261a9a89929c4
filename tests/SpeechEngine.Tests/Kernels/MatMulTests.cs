using SpeechEngine.Kernels;

namespace SpeechEngine.Tests.Kernels;

public sealed unsafe class MatMulTests
{
    public static TheoryData<SimdWidth, string> Cases()
    {
        var cases = new TheoryData<SimdWidth, string>();
        foreach (var width in Enum.GetValues<SimdWidth>().Where(width => width <= Simd.Width))
        {
            foreach (var format in Enum.GetNames<PanelFormat>())
            {
                cases.Add(width, format);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_row_count_agrees_with_a_double_precision_product(SimdWidth width, string format)
    {
        for (var rows = 1; rows <= 27; rows++)
        {
            Check(width, format, rows, inputs: 64, columns: 70, accumulate: false);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Bias_and_residual_are_added(SimdWidth width, string format) =>
        Check(width, format, rows: 13, inputs: 96, columns: 64, accumulate: true);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Overlapping_rows_make_a_convolution(SimdWidth width, string format) =>
        Check(width, format, rows: 14, inputs: 96, columns: 33, accumulate: false, stride: 32);

    [Theory]
    [InlineData("Float", 1)]
    [InlineData("Half", 5)]
    public void Inputs_need_not_be_a_multiple_of_anything(string format, int inputs) =>
        Check(Simd.Width, format, rows: 3, inputs, columns: 31, accumulate: false);

    static void Check(SimdWidth width, string formatName, int rows, int inputs, int columns, bool accumulate, int? stride = null)
    {
        var format = Enum.Parse<PanelFormat>(formatName);
        var lda = stride ?? inputs + 3;
        var ldc = Panel.Padded(columns) + 16;
        var a = Widths.Random((rows * lda) + inputs, 1);
        var bias = Widths.Random(Panel.Padded(columns), 2);
        var before = Widths.Random(rows * ldc, 3);
        var (panels, values) = MakePanels(format, inputs, columns);
        var c = before.ToArray();
        fixed (float* pa = a, pc = c, pbias = bias)
        {
            fixed (byte* pb = panels)
            {
                var view = PanelView.Of(format, pb, inputs, columns);
                var finish = new TileFinish { Scale = format == PanelFormat.Half ? Panel.HalfScale : 1f, Bias = pbias, Accumulate = accumulate };
                switch (width)
                {
                    case SimdWidth.Vector512:
                        MatMul.Compute512(pa, lda, rows, in view, in finish, pc, ldc);
                        break;
                    case SimdWidth.Vector256:
                        MatMul.Compute256(pa, lda, rows, in view, in finish, pc, ldc);
                        break;
                    case SimdWidth.Vector128:
                        MatMul.Compute128(pa, lda, rows, in view, in finish, pc, ldc);
                        break;
                    default:
                        MatMul.ComputeScalar(pa, lda, rows, in view, in finish, pc, ldc);
                        break;
                }
            }
        }

        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                double expected = bias[column] + (accumulate ? before[(row * ldc) + column] : 0);
                for (var k = 0; k < inputs; k++)
                {
                    expected += (double)a[(row * lda) + k] * values[(k * columns) + column];
                }

                Assert.Equal(expected, c[(row * ldc) + column], 2e-4);
            }

            // What lies behind the row's last panel belongs to somebody else.
            for (var i = Panel.Padded(columns); i < ldc; i++)
            {
                Assert.Equal(before[(row * ldc) + i], c[(row * ldc) + i]);
            }
        }
    }

    /// <summary>Random panels and the values they stand for, [inputs, columns].</summary>
    static (byte[] Panels, double[] Values) MakePanels(PanelFormat format, int inputs, int columns)
    {
        var random = new Random(5);
        var panelBytes = (int)Panel.Bytes(format, inputs);
        var panels = new byte[panelBytes * Panel.CountFor(columns)];
        var values = new double[inputs * columns];
        fixed (byte* start = panels)
        {
            for (var column = 0; column < columns; column++)
            {
                var panel = start + (column / Panel.Columns * panelBytes);
                var lane = column % Panel.Columns;
                for (var k = 0; k < inputs; k++)
                {
                    ref var value = ref values[(k * columns) + column];
                    switch (format)
                    {
                        case PanelFormat.Float:
                            var single = (random.NextSingle() * 2f) - 1f;
                            ((float*)panel)[(k * Panel.Columns) + lane] = single;
                            value = single;
                            break;
                        case PanelFormat.Half:
                            var half = (Half)((random.NextSingle() * 2f) - 1f);
                            ((Half*)panel)[(k * Panel.Columns) + lane] = half;
                            value = (double)half;
                            break;
                        default:
                            var blockRows = Panel.BlockRows(format);
                            var block = panel + (k / blockRows * Panel.BlockBytes(format));
                            if (k % blockRows == 0)
                            {
                                ((float*)block)[lane] = random.NextSingle() * 0.02f;
                                ((float*)block)[Panel.Columns + lane] = (random.NextSingle() - 0.5f) * 0.1f;
                            }

                            var integer = (sbyte)random.Next(-128, 128);
                            ((sbyte*)block)[(2 * Panel.Columns * sizeof(float)) + (k % blockRows * Panel.Columns) + lane] = integer;
                            value = (integer * (double)((float*)block)[lane]) + ((float*)block)[Panel.Columns + lane];
                            break;
                    }
                }
            }
        }

        return (panels, values);
    }
}
