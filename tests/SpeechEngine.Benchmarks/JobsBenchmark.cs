using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using SpeechEngine.Audio;

namespace SpeechEngine.Benchmarks;

/// <summary>
/// What a synchronous request costs beside the work itself: one recording through a running server, and through the engine without any,
/// turn by turn. A second server, of another version or with other settings, may be given for comparison.
/// </summary>
static class JobsBenchmark
{
    public static void Run(IReadOnlyList<string> servers, string model, string path, int rounds)
    {
        using var engine = SpeechToText.Load(model, new EngineSettings());
        using var client = new HttpClient { Timeout = TimeSpan.FromMinutes(5) };
        var decoder = new AudioDecoder(new AudioDecoderSettings());
        var file = File.ReadAllBytes(path);
        var direct = new List<double>();
        var asked = servers.Select(_ => new List<double>()).ToList();
        for (var round = -2; round < rounds; round++)
        {
            var times = new List<double> { Measure(() => Transcribe(engine, decoder, path)) };
            times.AddRange(servers.Select(server => Measure(() => Ask(client, server, file))));
            if (round >= 0)
            {
                direct.Add(times[0]);
                asked.Zip(times.Skip(1)).ToList().ForEach(pair => pair.First.Add(pair.Second));
            }
        }

        Console.WriteLine($"""
            | {Path.GetFileName(path)}, {rounds} rounds | median, ms | 90th percentile | beside the work, ms | ratio |
            |---|---:|---:|---:|---:|
            | engine alone | {At(direct, 0.5):F1} | {At(direct, 0.9):F1} | | |
            """);
        foreach (var (server, times) in servers.Zip(asked))
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {server} | {At(times, 0.5):F1} | {At(times, 0.9):F1} | {At(times, 0.5) - At(direct, 0.5):F1} | {At(times, 0.5) / At(direct, 0.5):F2} |"));
        }
    }

    static void Transcribe(SpeechToText engine, AudioDecoder decoder, string path)
    {
        using var audio = decoder.Decode(path, CancellationToken.None);
        foreach (var window in engine.Transcribe(audio, new TranscribeOptions { Language = "en" }, from: null, CancellationToken.None))
        {
            _ = window.Segments.Count;
        }
    }

    static void Ask(HttpClient client, string server, byte[] file)
    {
        using var audio = new ByteArrayContent(file);
        audio.Headers.ContentType = new MediaTypeHeaderValue("audio/wav");
        using var form = new MultipartFormDataContent { { audio, "file", "audio.wav" }, { new StringContent("whisper-1"), "model" }, { new StringContent("en"), "language" } };
        using var answer = client.PostAsync(new Uri(new Uri(server), "/v1/audio/transcriptions"), form).GetAwaiter().GetResult();
        answer.EnsureSuccessStatusCode();
        _ = answer.Content.ReadAsStringAsync().GetAwaiter().GetResult();
    }

    static double Measure(Action work)
    {
        var start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    static double At(List<double> values, double share) => values.Order().ElementAt((int)(share * (values.Count - 1)));
}
