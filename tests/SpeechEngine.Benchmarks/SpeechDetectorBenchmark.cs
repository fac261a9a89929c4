using System.Diagnostics;
using System.Runtime.InteropServices;
using SpeechEngine.Kernels;
using SpeechEngine.Speech.Spectral;

namespace SpeechEngine.Benchmarks;

/// <summary>What the built-in speech detector costs, and what its network is fitted to.</summary>
static unsafe class SpeechDetectorBenchmark
{
    /// <summary>Detects speech in ten minutes of noise several times; prints seconds of one core per hour of audio.</summary>
    public static void Run(int rounds)
    {
        const double Hour = 3600;
        var samples = new float[16000 * 600];
        var random = new Random(1);
        foreach (ref var sample in samples.AsSpan())
        {
            sample = (float)(0.1 * (random.NextDouble() - 0.5));
        }

        using var detector = new SpectralDetector();
        var costs = new List<double>();
        for (var round = 0; round <= rounds; round++)
        {
            var watch = Stopwatch.StartNew();
            detector.Detect(samples, CancellationToken.None);
            if (round > 0)
            {
                costs.Add(watch.Elapsed.TotalSeconds * Hour * 16000 / samples.Length);
            }
        }

        costs.Sort();
        Console.WriteLine($"{Simd.Width}: {costs[rounds / 2]:f3} s of one core per hour, median of {rounds} (least {costs[0]:f3}, most {costs[^1]:f3})");
    }

    /// <summary>Writes the features of a raw recording (floats, 16 kHz) as floats, [features, frames].</summary>
    public static void WriteFeatures(string from, string to)
    {
        var samples = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(from));
        var frames = (samples.Length + SpectralFrames.Hop - 1) / SpectralFrames.Hop;
        using var spectra = new SpectralFrames();
        using var work = AlignedBuffer.ForFloats(Math.Max(SpectralFrames.WorkFloats, SpeechFeatures.WorkFloats(frames)));
        using var values = AlignedBuffer.ForFloats((long)frames * SpectralFrames.Values);
        using var features = AlignedBuffer.ForFloats((long)frames * SpeechFeatures.Count);
        spectra.Compute(samples, 0, frames, work.Floats, values.Floats);
        SpeechFeatures.Compute(values.Floats, frames, work.Floats, features.Floats, frames);
        using var file = File.Create(to);
        file.Write(new ReadOnlySpan<byte>(features.Data, frames * SpeechFeatures.Count * sizeof(float)));
    }
}
