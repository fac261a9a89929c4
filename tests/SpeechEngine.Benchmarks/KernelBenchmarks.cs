using System.Diagnostics;
using SpeechEngine.Kernels;

namespace SpeechEngine.Benchmarks;

/// <summary>Speed of the matrix product by format, rows and width, on one thread.</summary>
static unsafe class KernelBenchmarks
{
    const int Inputs = 512;
    const int Outputs = 512;
    const int Rounds = 60;

    public static void Run()
    {
        Console.WriteLine($"| format | rows | width | GFLOP/s | GB/s of B |");
        Console.WriteLine("|---|---:|---|---:|---:|");
        foreach (var format in Enum.GetValues<PanelFormat>())
        {
            foreach (var rows in new[] { 1, 4, 12, 240 })
            {
                Measure(format, rows, SimdWidth.Vector512);
                Measure(format, rows, SimdWidth.Vector256);
            }
        }
    }

    static void Measure(PanelFormat format, int rows, SimdWidth width)
    {
        if (Simd.Width < width)
        {
            return;
        }

        using var a = AlignedBuffer.ForFloats((long)rows * Inputs);
        using var c = AlignedBuffer.ForFloats((long)rows * Outputs);
        using var data = new AlignedBuffer(Panel.Bytes(format, Inputs) * Panel.CountFor(Outputs));
        new Span<byte>(data.Data, (int)data.Bytes).Fill(0x3C);
        new Span<float>(a.Floats, rows * Inputs).Fill(0.5f);
        var b = PanelView.Of(format, data.Data, Inputs, Outputs);
        var finish = new TileFinish { Scale = 1f };
        var repeats = Math.Max(1, 2000 / rows);
        var best = double.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < repeats; i++)
            {
                if (width == SimdWidth.Vector512)
                {
                    MatMul.Compute512(a.Floats, Inputs, rows, in b, in finish, c.Floats, Outputs);
                }
                else
                {
                    MatMul.Compute256(a.Floats, Inputs, rows, in b, in finish, c.Floats, Outputs);
                }
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds / repeats);
        }

        var flops = 2.0 * rows * Inputs * Outputs / best / 1e9;
        Console.WriteLine($"| {format} | {rows} | {width} | {flops:F1} | {data.Bytes / best / 1e9:F1} |");
    }
}
