using SpeechEngine.Kernels;

namespace SpeechEngine.Tests.Kernels;

public sealed unsafe class LstmCellTests
{
    [Theory]
    [MemberData(nameof(Widths.Available), MemberType = typeof(Widths))]
    public void Many_steps_follow_the_formulas_in_double_precision(SimdWidth width)
    {
        const int Count = 48;
        var cell = new float[Count];
        var hidden = new float[Count];
        var expected = new double[Count];
        for (var step = 0; step < 20; step++)
        {
            // Some gates are wide open or shut, further than e^x reaches.
            var gates = Widths.Random(4 * Count, step, step % 5 == 4 ? 200f : 4f);
            fixed (float* pg = gates, pc = cell, ph = hidden)
            {
                Step(width, pg, pc, ph, Count);
            }

            for (var i = 0; i < Count; i++)
            {
                expected[i] = (Sigmoid(gates[Count + i]) * expected[i]) + (Sigmoid(gates[i]) * Math.Tanh(gates[(2 * Count) + i]));
                Assert.Equal(expected[i], cell[i], 5e-6);
                Assert.Equal(Sigmoid(gates[(3 * Count) + i]) * Math.Tanh(expected[i]), hidden[i], 5e-6);
            }
        }
    }

    static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    static void Step(SimdWidth width, float* gates, float* cell, float* hidden, int count)
    {
        switch (width)
        {
            case SimdWidth.Vector512:
                LstmCell.Step512(gates, cell, hidden, count);
                break;
            case SimdWidth.Vector256:
                LstmCell.Step256(gates, cell, hidden, count);
                break;
            case SimdWidth.Vector128:
                LstmCell.Step128(gates, cell, hidden, count);
                break;
            default:
                LstmCell.StepScalar(gates, cell, hidden, count);
                break;
        }
    }
}
