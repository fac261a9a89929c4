using SpeechEngine.Audio;
using SpeechEngine.Speech;
using SpeechEngine.Tests.Reference;

namespace SpeechEngine.Tests;

/// <summary>Whole recordings with the options that change how they are listened to.</summary>
public sealed class TranscriptionTests(ITestOutputHelper output)
{
    [Fact]
    public void A_window_that_looks_wrong_is_decoded_again_until_the_temperature_is_one()
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());
        using var audio = Recording.Read(TestFiles.Data("clips", "en-02.wav"));
        float Temperature(DecodingOptions options) =>
            engine.Transcribe(audio, new TranscribeOptions { Language = "en", Decoding = options }, null, CancellationToken.None).SelectMany(window => window.Segments).First().Temperature;

        // Nobody is as sure as that.
        var strict = new DecodingOptions { LogProbabilityThreshold = 0 };
        Assert.Equal(1f, Temperature(strict), 1e-6f);
        Assert.Equal(0.9f, Temperature(strict with { Temperature = 0.1f, TemperatureIncrement = 0.4f }), 1e-6f);
        Assert.Equal(0f, Temperature(strict with { TemperatureIncrement = 0 }));
        Assert.Equal(1f, Temperature(new DecodingOptions { CompressionRatioThreshold = 0 }), 1e-6f);
        Assert.Equal(0f, Temperature(new DecodingOptions()));
    }

    [Fact]
    public void The_first_window_with_speech_tells_the_language()
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());
        using var audio = Recording.Join((null, 31), ("es-04.wav", 0), (null, 32), ("en-02.wav", 0));

        var windows = engine.Transcribe(audio, new TranscribeOptions(), null, CancellationToken.None).ToList();

        var spoken = windows.First(window => window.Segments.Count > 0);
        Assert.Equal("es", spoken.Language);
        Assert.Equal("es", spoken.LanguageProbabilities[0].Language);
        Assert.Equal(1, spoken.LanguageProbabilities.Sum(language => language.Probability), 1e-6);
        Assert.All(windows.SkipWhile(window => window != spoken).Skip(1), window => Assert.Equal(("es", 0), (window.Language, window.LanguageProbabilities.Count)));
    }

    [Fact]
    public void What_somebody_really_repeats_is_heard_to_its_end_without_further_attempts()
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());
        using var audio = Recording.Join([.. Enumerable.Repeat<(string?, double)>(("en-02.wav", 0), 8)]);
        var options = new TranscribeOptions { Language = "en", Decoding = new DecodingOptions { TemperatureIncrement = 0 } };

        var segments = engine.Transcribe(audio, options, null, CancellationToken.None).SelectMany(window => window.Segments).ToList();

        Assert.InRange(segments.Count, 7, 9);
        Assert.InRange(segments[^1].Start, audio.Duration - TimeSpan.FromSeconds(3), audio.Duration);
    }

    [Fact]
    public void A_prompt_waits_for_the_first_window_with_speech()
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());
        using var audio = Recording.Join((null, 31), ("en-02.wav", 0));
        double LogProbability(string? prompt) => engine.Transcribe(audio, new TranscribeOptions { Language = "en", Prompt = prompt }, null, CancellationToken.None)
            .SelectMany(window => window.Segments).Single().AverageLogProbability;

        Assert.NotEqual(LogProbability(null), LogProbability("Turn on the radio in the garage."));
    }

    [Fact]
    public void Speech_after_a_long_silence_is_heard_in_one_window()
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());

        // Its first word begins just before the second window would, which would hear "lease call David".
        using var audio = Recording.Join((null, 29.06), ("en-17.wav", 0));

        Assert.Equal(" Please call David today.", Text(engine, audio, new TranscribeOptions { Language = "en" }));
    }

    [Fact]
    public void Every_window_may_have_a_language_of_its_own()
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());
        using var audio = Recording.Join(("es-04.wav", 30), ("en-02.wav", 0));

        var segments = engine.Transcribe(audio, new TranscribeOptions { LanguagePerWindow = true }, null, CancellationToken.None).SelectMany(window => window.Segments).ToList();

        Assert.Equal("es", segments[0].Language);
        Assert.Equal("en", segments[^1].Language);
    }

    [Fact]
    public void Only_the_candidates_are_chosen_from()
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());
        using var audio = Recording.Read(TestFiles.Data("clips", "en-02.wav"));
        IReadOnlyList<LanguageProbability> Detect(params string[] candidates) =>
            engine.Transcribe(audio, new TranscribeOptions { CandidateLanguages = candidates }, null, CancellationToken.None).First().LanguageProbabilities;

        Assert.Equal(99, Detect().Count);
        Assert.Equal("en", Detect("es", "en")[0].Language);
        Assert.Equal(["es", "de"], Detect("de", "es").Select(language => language.Language));
        Assert.Equal(1, Detect("de", "es").Sum(language => language.Probability), 1e-9);
        Assert.Throws<ArgumentException>(() => Detect("xx"));
    }

    [Fact]
    public void A_segment_knows_where_its_window_lies_in_the_recording_when_only_speech_is_listened_to()
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());
        using var audio = Recording.Join(("en-02.wav", 10), ("en-02.wav", 10), ("en-02.wav", 0));
        var options = new TranscribeOptions { Language = "en", SpeechDetection = new SpeechDetectionOptions { MaximumLength = TimeSpan.FromSeconds(3) } };

        var segments = engine.Transcribe(audio, options, null, CancellationToken.None).SelectMany(window => window.Segments).ToList();

        Assert.Equal(3, segments.Count);
        Assert.All(segments, segment => Assert.InRange(segment.Start - TimeSpan.FromMilliseconds(10 * segment.Seek), TimeSpan.Zero, TimeSpan.FromSeconds(2)));
    }

    [Fact]
    public void A_single_segment_and_no_timestamps_give_one_segment_within_the_audio()
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());
        using var audio = Recording.Read(TestFiles.Data("clips", "en-02.wav"));
        foreach (var decoding in new[] { new DecodingOptions { SingleSegment = true }, new DecodingOptions { Timestamps = false } })
        {
            var windows = engine.Transcribe(audio, new TranscribeOptions { Language = "en", Decoding = decoding }, null, CancellationToken.None).ToList();

            var segment = Assert.Single(Assert.Single(windows).Segments);
            Assert.Equal(" The market is near the station.", segment.Text);
            Assert.InRange(segment.End, segment.Start + TimeSpan.FromSeconds(1), audio.Duration);
        }
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Long_files_are_heard_well_when_they_are_cut_at_silences()
    {
        // The demo model mixes words up in windows of several sentences; single ones it hears well.
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());
        var truth = ReferenceTranscripts.Truth();
        var (whole, cut) = (new WordErrorRate(), new WordErrorRate());
        foreach (var name in new[] { "long-en-75.wav", "long-es-70.wav" })
        {
            using var audio = Recording.Read(TestFiles.Shared("demo-model", "clips", name));
            var options = new TranscribeOptions { Language = truth[name].Language };
            whole.Add(truth[name].Text, Text(engine, audio, options));
            var detection = new SpeechDetectionOptions { MinimumSilence = TimeSpan.FromMilliseconds(200), MaximumLength = TimeSpan.FromSeconds(5) };
            cut.Add(truth[name].Text, Text(engine, audio, options with { SpeechDetection = detection }));
        }

        output.WriteLine($"word error rate of the long files: whole windows {whole.Percent:F1} %, cut at silences {cut.Percent:F1} %");
        Assert.InRange(cut.Percent, 0, 25);
        Assert.InRange(cut.Percent, 0, whole.Percent);
    }

    [Theory]
    [InlineData(1, 12)]
    [InlineData(2, 12)]
    [InlineData(3, 12)]
    [Trait("Category", "Slow")]
    public void Times_are_in_order_and_inside_the_audio_whatever_is_asked_for(int seed, int runs)
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());
        var random = new Random(seed);
        var clips = ReferenceTranscripts.Truth().Keys.Where(name => !name.StartsWith("long-", StringComparison.Ordinal)).ToArray();
        for (var run = 0; run < runs; run++)
        {
            var parts = Enumerable.Range(0, random.Next(1, 5)).Select(_ => ((string?)clips[random.Next(clips.Length)], random.NextDouble() * 12)).ToArray();
            using var audio = Recording.Join(parts);
            var options = RandomOptions(random);

            AssertOrdered(engine.Transcribe(audio, options, null, CancellationToken.None).ToList(), audio, options);
        }
    }

    static TranscribeOptions RandomOptions(Random random)
    {
        bool Chance(double share = 0.5) => random.NextDouble() < share;
        return new TranscribeOptions
        {
            Language = Chance() ? "en" : null,
            Task = Chance(0.8) ? SpeechTask.Transcribe : SpeechTask.Translate,
            LanguagePerWindow = Chance(0.3),
            Prompt = Chance(0.3) ? "The market is near the station." : null,
            Keywords = Chance(0.3) ? ["Bogota", "Alice"] : [],
            ConditionOnPreviousText = Chance(),
            WordTimestamps = Chance(0.8),
            DropInvented = Chance(),
            SpeechDetection = Chance() ? new SpeechDetectionOptions { MaximumLength = TimeSpan.FromSeconds(random.Next(1, 31)), Padding = TimeSpan.FromMilliseconds(random.Next(300)) } : null,
            Decoding = new DecodingOptions
            {
                Temperature = Chance(0.7) ? 0 : 0.6f,
                TemperatureIncrement = Chance() ? 0.4f : 0,
                Seed = random.Next(),
                BeamSize = random.Next(1, 4),
                BestOf = random.Next(1, 4),
                Timestamps = Chance(0.8),
                SingleSegment = Chance(0.2),
                MaxInitialTimestamp = Chance() ? TimeSpan.FromSeconds(1) : null,
            },
        };
    }

    static void AssertOrdered(List<WindowTranscript> windows, PcmAudio audio, TranscribeOptions options)
    {
        var (segmentEnd, wordEnd, position) = (TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero);
        foreach (var window in windows)
        {
            Assert.Equal(position, window.Start);
            Assert.InRange(window.Position, position, audio.Duration);
            position = window.Position;
            foreach (var segment in window.Segments)
            {
                Assert.InRange(segment.Start, segmentEnd, audio.Duration);
                Assert.InRange(segment.End, segment.Start, audio.Duration);
                Assert.Equal(segment.Tokens.Count, segment.LogProbabilities.Count);
                segmentEnd = segment.End;
                Assert.Equal(options.WordTimestamps ? segment.Text : "", string.Concat(segment.Words.Select(word => word.Text)));
                foreach (var word in segment.Words)
                {
                    Assert.InRange(word.Start, wordEnd, segment.End);
                    Assert.InRange(word.Start, segment.Start, segment.End);
                    Assert.InRange(word.End, word.Start, segment.End);
                    Assert.InRange(word.Probability, 0, 1);
                    wordEnd = word.End;
                }
            }
        }
    }

    static string Text(SpeechToText engine, PcmAudio audio, TranscribeOptions options) =>
        string.Concat(engine.Transcribe(audio, options, null, CancellationToken.None).SelectMany(window => window.Segments).Select(segment => segment.Text));
}
