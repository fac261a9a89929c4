using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using SpeechEngine.Kernels;

namespace SpeechEngine.Benchmarks;

/// <summary>
/// One window of our engine and of whisper.cpp in turn: same model file, same recording, same threads, greedy, no fallback.
/// whisper.cpp's figures are those its own programs print: mel, encode and prompt from whisper-cli, a token from whisper-bench.
/// </summary>
static partial class PeerBenchmark
{
    /// <summary>Measures <paramref name="rounds"/> times each, alternating, and prints medians and ratios as Markdown.</summary>
    /// <param name="programs">Folder with whisper-cli and whisper-bench.</param>
    public static void Run(string programs, string model, string wav, int threads, int rounds)
    {
        using var ours = new WindowBenchmark(model, wav, threads);
        ours.Run();
        List<WindowTimes> own = [], theirs = [];
        for (var round = 0; round < rounds; round++)
        {
            own.Add(ours.Run());
            theirs.Add(RunPeer(programs, model, wav, threads));
            own.Add(ours.Run());
        }

        Console.WriteLine($"{Path.GetFileName(model)}, {Path.GetFileName(wav)}, {threads} threads, {Simd.Width}, medians of {own.Count} and {theirs.Count} alternating runs, ms");
        Console.WriteLine();
        Console.WriteLine("| stage | ours | whisper.cpp | ratio |");
        Console.WriteLine("|---|---:|---:|---:|");
        Print("mel", own, theirs, times => times.Mel);
        Print("encode", own, theirs, times => times.Encode);
        Print("prompt", own, theirs, times => times.Prompt);
        Print("one token", own, theirs, times => times.Token);
        Print("window to the first token", own, theirs, times => times.Window);
        Print("window with 100 tokens", own, theirs, times => times.With100Tokens);
    }

    static void Print(string stage, List<WindowTimes> ours, List<WindowTimes> theirs, Func<WindowTimes, double> value)
    {
        var (a, b) = (Median(ours.Select(value)), Median(theirs.Select(value)));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {stage} | {a:F2} | {b:F2} | {a / b:F2} |"));
    }

    static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[sorted.Length / 2] + sorted[(sorted.Length - 1) / 2]) / 2;
    }

    static WindowTimes RunPeer(string programs, string model, string wav, int threads)
    {
        var t = threads.ToString(CultureInfo.InvariantCulture);
        var window = Output(Path.Combine(programs, "whisper-cli"), "-m", model, "-f", wav, "-t", t, "-bs", "1", "-bo", "1", "-nf", "-ng");
        var tokens = Output(Path.Combine(programs, "whisper-bench"), "-m", model, "-t", t, "-ng");
        return new WindowTimes(
            Figure(window, "mel time", perRun: false), Figure(window, "encode time", perRun: true),
            Figure(window, "decode time", perRun: true), Figure(tokens, "decode time", perRun: true));
    }

    static double Figure(string output, string name, bool perRun)
    {
        var line = output.Split('\n').First(l => l.Contains(name, StringComparison.Ordinal));
        var numbers = Numbers().Matches(line).Select(match => double.Parse(match.Value, CultureInfo.InvariantCulture)).ToArray();
        return perRun ? numbers[0] / numbers[1] : numbers[0];
    }

    static string Output(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var discard = process.StandardOutput.ReadToEndAsync();
        var text = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? text + discard.Result : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {text}");
    }

    [GeneratedRegex(@"\d+(\.\d+)?")]
    private static partial Regex Numbers();
}
