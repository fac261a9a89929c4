using System.Diagnostics;
using SpeechEngine.Audio;
using SpeechEngine.Decoding;
using SpeechEngine.Features;

namespace SpeechEngine.Benchmarks;

/// <summary>What beam search costs beside greedy decoding: the decoder alone, on the first window of each recording, interleaved.</summary>
static class BeamBenchmark
{
    const int Size = 5;

    public static void Run(string model, string folder, int threads, int rounds)
    {
        using var engine = SpeechToText.Load(model, new EngineSettings { Threads = threads });
        var state = engine.RentState();
        var decoder = new AudioDecoder(new AudioDecoderSettings());
        var ratios = new List<double>();
        var (greedyTotal, beamTotal, greedyTokens, beamTokens) = (0.0, 0.0, 0, 0);
        foreach (var path in Directory.GetFiles(folder, "*.wav").Order())
        {
            using var audio = decoder.Decode(path, CancellationToken.None);
            var loudest = float.NaN;
            state.ComputeMel(audio.Samples, 0, ref loudest, CancellationToken.None);
            state.Encoder.Encode(state.Scratch, CancellationToken.None);
            state.Encoder.FillCross(state.Scratch, state.Cross, CancellationToken.None);
            var frames = MelSpectrogram.FrameCount(audio.SampleCount);
            var (greedy, beam) = (new List<double>(), new List<double>());
            for (var round = 0; round <= rounds; round++)
            {
                var one = Decode(state, frames, 1);
                var five = Decode(state, frames, Size);
                if (round > 0)
                {
                    greedy.Add(one.Milliseconds);
                    beam.Add(five.Milliseconds);
                }

                (greedyTokens, beamTokens) = round > 0 ? (greedyTokens, beamTokens) : (greedyTokens + one.Tokens, beamTokens + five.Tokens);
            }

            ratios.Add(Median(beam) / Median(greedy));
            greedyTotal += Median(greedy);
            beamTotal += Median(beam);
        }

        Console.WriteLine($"""
            | {Path.GetFileName(model)}, {threads} threads, {ratios.Count} recordings | greedy | beam {Size} | ratio |
            |---|---:|---:|---:|
            | decoding, ms (sum of medians) | {greedyTotal:F1} | {beamTotal:F1} | {beamTotal / greedyTotal:F2} |
            | ms per token kept | {greedyTotal / greedyTokens:F3} | {beamTotal / beamTokens:F3} | |
            | ratio per recording, median and largest | | | {Median(ratios):F2}, {ratios.Max():F2} |
            """);
        engine.ReturnState(state);
    }

    static (double Milliseconds, int Tokens) Decode(DecodingState state, int frames, int beams)
    {
        var options = new TranscribeOptions { Language = "en", Decoding = new DecodingOptions { BeamSize = beams, TemperatureIncrement = 0 } };
        var request = new WindowRequest(0, [], SpeechTask.Transcribe, TextContext.Of(state.Model.Vocabulary, options, null), 0, frames, options.Decoding);
        var start = Stopwatch.GetTimestamp();
        var result = WindowDecoder.Decode(state, in request, CancellationToken.None);
        return (Stopwatch.GetElapsedTime(start).TotalMilliseconds, result.Count);
    }

    static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
