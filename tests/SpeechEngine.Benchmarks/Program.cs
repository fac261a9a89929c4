using System.Globalization;
using SpeechEngine.Benchmarks;

// kernels                                            speed of the matrix product by format, rows and width
// peers PROGRAMS MODEL WAV [THREADS] [ROUNDS]         one window beside whisper.cpp's, PROGRAMS being its bin folder
switch (args)
{
    case ["kernels"]:
        KernelBenchmarks.Run();
        return 0;
    case ["peers", var programs, var model, var wav, .. var rest] when rest.Length <= 2:
        PeerBenchmark.Run(programs, model, wav, Number(0, Environment.ProcessorCount), Number(1, 5));
        return 0;
        int Number(int index, int fallback) => rest.Length > index ? int.Parse(rest[index], CultureInfo.InvariantCulture) : fallback;
    default:
        Console.Error.WriteLine("Usage: kernels | peers PROGRAMS MODEL WAV [THREADS] [ROUNDS]");
        return 2;
}
