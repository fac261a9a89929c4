using System.Globalization;
using SpeechEngine.Benchmarks;

// kernels                                            speed of the matrix product by format, rows and width
// peers PROGRAMS MODEL WAV [THREADS] [ROUNDS]         one window beside whisper.cpp's, PROGRAMS being its bin folder
// beams MODEL FOLDER [THREADS] [ROUNDS]               beam search beside greedy decoding, on all WAV files of a folder
// speech [ROUNDS]                                    cost of the built-in speech detector
// speech-features RAW FEATURES                       what its network is fitted to, for models/speech-detector/fit.py
// jobs MODEL WAV ROUNDS SERVER...                    a request to a running server beside the engine alone
switch (args)
{
    case ["kernels"]:
        KernelBenchmarks.Run();
        return 0;
    case ["peers", var programs, var model, var wav, .. var rest] when rest.Length <= 2:
        PeerBenchmark.Run(programs, model, wav, Number(rest, 0, Environment.ProcessorCount), Number(rest, 1, 5));
        return 0;
    case ["beams", var model, var folder, .. var rest] when rest.Length <= 2:
        BeamBenchmark.Run(model, folder, Number(rest, 0, Environment.ProcessorCount), Number(rest, 1, 5));
        return 0;
    case ["speech", .. var rest] when rest.Length <= 1:
        SpeechDetectorBenchmark.Run(Number(rest, 0, 9));
        return 0;
    case ["jobs", var model, var wav, var rounds, .. { Length: > 0 } servers]:
        JobsBenchmark.Run(servers, model, wav, int.Parse(rounds, CultureInfo.InvariantCulture));
        return 0;
    case ["speech-features", var raw, var features]:
        SpeechDetectorBenchmark.WriteFeatures(raw, features);
        return 0;
    default:
        Console.Error.WriteLine(
            "Usage: kernels | peers PROGRAMS MODEL WAV [THREADS] [ROUNDS] | beams MODEL FOLDER [THREADS] [ROUNDS] | speech [ROUNDS] | speech-features RAW FEATURES | jobs MODEL WAV ROUNDS SERVER...");
        return 2;
}

static int Number(string[] rest, int index, int fallback) =>
    rest.Length > index ? int.Parse(rest[index], CultureInfo.InvariantCulture) : fallback;
