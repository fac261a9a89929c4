using SpeechEngine.Audio;
using SpeechEngine.Tests.Reference;
using SpeechEngine.Tests.Speech;

namespace SpeechEngine.Tests;

/// <summary>Where nobody speaks nothing is written, and where somebody speaks softly or in noise nothing is lost.</summary>
public sealed class SilenceTests(ITestOutputHelper output)
{
    const int Runs = 100;

    [Fact]
    [Trait("Category", "Slow")]
    public void A_minute_of_silence_noise_hum_or_tones_gives_no_text()
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());
        var options = new TranscribeOptions { Language = "en" };
        var reasons = new SortedDictionary<string, int>();
        var texts = new List<string>();
        for (var run = 0; run < Runs; run++)
        {
            var (name, samples) = Sound(run);
            using var audio = PcmAudio.FromSamples(samples);
            foreach (var window in engine.Transcribe(audio, options, null, CancellationToken.None))
            {
                texts.AddRange(window.Segments.Select(segment => $"run {run}, {name}, {segment.Start.TotalSeconds:F1} s:{segment.Text}"));
                foreach (var dropped in window.Dropped)
                {
                    var reason = $"{name}: {dropped.Reasons}";
                    reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
                }
            }
        }

        output.WriteLine($"dropped in {Runs} runs:\n" + string.Join('\n', reasons.Select(row => $"{row.Value,5}  {row.Key}")));
        Assert.True(texts.Count == 0, string.Join('\n', texts));
    }

    [Theory]
    [InlineData("-40 dBFS")]
    [InlineData("5 dB above white noise")]
    [Trait("Category", "Slow")]
    public void Soft_and_noisy_speech_is_not_taken_for_invented(string how)
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());
        var (segments, dropped) = (0, new List<string>());
        foreach (var clip in ReferenceTranscripts.Truth().Values.Where(clip => string.IsNullOrEmpty(clip.Noise) && !clip.Clip.StartsWith("long-", StringComparison.Ordinal)))
        {
            using var clean = Recording.Read(TestFiles.Data("clips", clip.Clip));
            using var audio = PcmAudio.FromSamples(how == "-40 dBFS" ? Sounds.AtLevel(clean.Samples.ToArray(), -40) : Noisy(clean.Samples, segments));
            foreach (var window in engine.Transcribe(audio, new TranscribeOptions { Language = clip.Language }, null, CancellationToken.None))
            {
                segments += window.Segments.Count + window.Dropped.Count;
                dropped.AddRange(window.Dropped.Select(drop => $"{clip.Clip}: {drop.Reasons}, speech {drop.SpeechProbability:F2}:{drop.Segment.Text}"));
            }
        }

        output.WriteLine($"{how}: {segments} segments, {dropped.Count} dropped\n{string.Join('\n', dropped)}");
        Assert.InRange(segments, 40, 80);
        Assert.Empty(dropped);
    }

    [Fact]
    public void What_the_model_itself_takes_for_silence_is_reported_also_without_the_guard()
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());
        using var audio = PcmAudio.FromSamples(Sounds.Silence(20));
        var options = new TranscribeOptions { Language = "en", DropInvented = false, Decoding = new DecodingOptions { NoSpeechThreshold = 0, LogProbabilityThreshold = 0 } };

        var window = Assert.Single(engine.Transcribe(audio, options, null, CancellationToken.None));

        Assert.Empty(window.Segments);
        Assert.All(window.Dropped, drop => Assert.Equal(DropReasons.NoSpeechProbability | DropReasons.LowLogProbability, drop.Reasons));
        Assert.NotEmpty(window.Dropped);
    }

    static (string Name, float[] Samples) Sound(int run)
    {
        // Decibels of full scale, from barely there to loud.
        var level = -62.0 + (run % 4 * 19);
        return (run % 10) switch
        {
            0 => run == 0 ? ("silence", Sounds.Silence(60)) : ("brown noise", Sounds.Brown(60, level, run)),
            1 or 2 => ("white noise", Sounds.White(60, level, run)),
            3 => ("pink noise", Sounds.Pink(60, level, run)),
            4 => ("hum of 50 Hz", Sounds.Hum(60, 50, level, run)),
            5 => ("hum of 60 Hz", Sounds.Hum(60, 60, level, run)),
            6 => ("tone", Sounds.Tone(60, 110 + (37 * run), level)),
            7 => ("chords", Sounds.Chords(60, 1 + (run / 10 % 5), level, run)),
            8 => ("melody", Sounds.Melody(60, 1 + (run / 10 % 5), level, run)),
            _ => ("sweep", Sounds.Sweep(60, 100, 3000, 0.2 + (0.01 * run), level)),
        };
    }

    static float[] Noisy(ReadOnlySpan<float> clean, int seed)
    {
        var noise = Sounds.White((double)clean.Length / PcmAudio.SampleRate, (10 * Math.Log10(Sounds.Power(clean))) - 5, seed);
        return Sounds.Mix(clean, noise);
    }
}
