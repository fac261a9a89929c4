using System.Globalization;
using SpeechEngine.Benchmarks;

// kernels                                            speed of the matrix product by format, rows and width
// peers PROGRAMS MODEL WAV [THREADS] [ROUNDS]         one window beside whisper.cpp's, PROGRAMS being its bin folder
// speech [ROUNDS]                                    cost of the built-in speech detector
// speech-features RAW FEATURES                       what its network is fitted to, for models/speech-detector/fit.py
switch (args)
{
    case ["kernels"]:
        KernelBenchmarks.Run();
        return 0;
    case ["peers", var programs, var model, var wav, .. var rest] when rest.Length <= 2:
        PeerBenchmark.Run(programs, model, wav, Number(0, Environment.ProcessorCount), Number(1, 5));
        return 0;
        int Number(int index, int fallback) => rest.Length > index ? int.Parse(rest[index], CultureInfo.InvariantCulture) : fallback;
    case ["speech", .. var rounds] when rounds.Length <= 1:
        SpeechDetectorBench.Run(rounds.Length == 0 ? 9 : int.Parse(rounds[0], CultureInfo.InvariantCulture));
        return 0;
    case ["speech-features", var raw, var features]:
        SpeechDetectorBench.WriteFeatures(raw, features);
        return 0;
    default:
        Console.Error.WriteLine("Usage: kernels | peers PROGRAMS MODEL WAV [THREADS] [ROUNDS] | speech [ROUNDS] | speech-features RAW FEATURES");
        return 2;
}
