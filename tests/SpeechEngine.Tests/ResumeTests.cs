using System.Text.Json;
using System.Text.Json.Serialization;
using SpeechEngine.Audio;
using SpeechEngine.Decoding;
using SpeechEngine.Features;
using SpeechEngine.Model;
using SpeechEngine.Speech;

namespace SpeechEngine.Tests;

/// <summary>A transcription that ends after any of its windows goes on in another run as if nothing had happened.</summary>
public sealed class ResumeTests(ITestOutputHelper output) : IDisposable
{
    static readonly JsonSerializerOptions Exact = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    static readonly SpeechDetectionOptions FewWords = new() { MaximumLength = TimeSpan.FromSeconds(8) };

    static readonly Dictionary<string, TranscribeOptions> Options = new()
    {
        ["plain"] = new(),
        ["English"] = new() { Language = "en" },
        ["context"] = new() { Language = "en", Prompt = "Alice takes the train.", Keywords = ["Bogota", "radio"], ConditionOnPreviousText = true },
        ["prompt without a memory"] = new() { Prompt = "Alice takes the train." },
        ["only speech"] = new() { Language = "en", SpeechDetection = new() },
        ["only a few words at a time"] = new() { SpeechDetection = FewWords, ConditionOnPreviousText = true, WordTimestamps = true },
        ["a language per window"] = new() { LanguagePerWindow = true, CandidateLanguages = ["en", "es"] },
        ["a language per passage"] = new() { LanguagePerWindow = true, SpeechDetection = FewWords },
        ["words"] = new() { WordTimestamps = true },
        ["beams"] = new() { Decoding = new() { BeamSize = 3 } },
        ["draws"] = new() { ConditionOnPreviousText = true, Decoding = new() { Temperature = 0.4f, BestOf = 3, Seed = 7 } },
        ["draws from speech"] = new() { SpeechDetection = new(), Decoding = new() { Temperature = 0.8f, BestOf = 2, Seed = 8 } },
        ["what is invented stays"] = new() { DropInvented = false, ConditionOnPreviousText = true },
        ["no timestamps"] = new() { Decoding = new() { Timestamps = false } },
        ["translation"] = new() { Task = SpeechTask.Translate, Language = "es" },
    };

    readonly SpeechToText _engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings { Threads = 2 });

    public static TheoryData<string> Names => [.. Options.Keys];

    public void Dispose() => _engine.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    [Trait("Category", "Slow")]
    public void After_every_window_the_rest_is_what_it_would_have_been(string name)
    {
        using var audio = Mixed();
        Assert.InRange(audio.Duration.TotalSeconds, 90, 125);
        Assert.InRange(AssertGoesOn(audio, Options[name]).Count, 3, 100);
    }

    [Theory]
    [InlineData("context")]
    [InlineData("only a few words at a time")]
    public void Two_windows_are_enough_to_go_on(string name)
    {
        using var audio = Recording.Join(("en-17.wav", 27), ("en-02.wav", 2), ("en-37.wav", 1));

        Assert.InRange(AssertGoesOn(audio, Options[name]).Count, 2, 4);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void A_short_passage_is_as_loud_as_ever_when_it_is_entered_in_its_middle()
    {
        // Its loudest value lies in what is not listened to again.
        using var audio = Fading();

        var windows = AssertGoesOn(audio, Options["only speech"]);

        Assert.Contains(windows.Zip(windows.Skip(1)), pair => pair.First.Next.Passage == pair.Second.Next.Passage);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(45)]
    public void A_window_looks_the_same_whichever_comes_first(int seconds)
    {
        using var audio = new PcmAudio(seconds * PcmAudio.SampleRate);
        for (var i = 0; i < audio.SampleCount; i++)
        {
            audio.Samples[i] = MathF.Sin(0.2f * i) * (i < audio.SampleCount / 2 ? 0.9f : 0.0001f);
        }

        var frames = MelSpectrogram.FrameCount(audio.SampleCount);
        var seek = frames * 3 / 4;
        var loudest = float.NaN;
        _ = Mel(audio, 0, ref loudest);
        var second = Mel(audio, seek, ref loudest);
        var alone = float.NaN;

        Assert.Equal(second, Mel(audio, seek, ref alone));
        Assert.Equal(loudest, alone);
    }

    [Fact]
    public void After_the_last_window_there_is_none()
    {
        using var audio = Recording.Read(TestFiles.Data("clips", "en-02.wav"));
        foreach (var options in new[] { Options["plain"], Options["only speech"] })
        {
            var end = _engine.Transcribe(audio, options, null, CancellationToken.None).Last().Next;

            Assert.Empty(_engine.Transcribe(audio, options, end, CancellationToken.None));
        }
    }

    [Fact]
    public void A_place_that_is_none_of_the_recording_is_refused_before_any_work()
    {
        using var audio = Fading();
        using var none = new PcmAudio(0);
        var options = new TranscribeOptions { ConditionOnPreviousText = true };
        var good = _engine.Transcribe(audio, options, null, CancellationToken.None).First().Next;
        var vocabulary = _engine.Dimensions.Vocabulary;
        void Refused(ResumePoint from, TranscribeOptions? other = null, PcmAudio? elsewhere = null) =>
            Assert.Throws<ArgumentException>(() => _engine.Transcribe(elsewhere ?? audio, other ?? options, from, CancellationToken.None));

        _ = _engine.Transcribe(audio, options, good, CancellationToken.None);
        var frames = MelSpectrogram.FrameCount(audio.SampleCount);
        _ = _engine.Transcribe(audio, options, good with { Seek = frames, Position = MelSpectrogram.TimeOf(frames) }, CancellationToken.None);
        Refused(good with { Seek = frames + 1, Position = MelSpectrogram.TimeOf(frames + 1) });
        Refused(good with { Seek = -1, Position = MelSpectrogram.TimeOf(-1) });
        Refused(good with { Seek = int.MaxValue });
        Refused(good with { Passage = 1 });
        Refused(good with { Passage = -1 });
        Refused(good with { Position = good.Position + TimeSpan.FromTicks(1) });
        Refused(good with { Context = [.. good.Context, -1] });
        Refused(good with { Context = [.. good.Context, vocabulary] });
        Refused(good with { Context = [.. Enumerable.Repeat(1, 224)] });
        Refused(good, elsewhere: none);

        Refused(good with { Language = "xx" });
        Refused(good with { Language = "yue" });
        Refused(good with { Language = "es" }, options with { Language = "en" });
        Refused(good with { Language = null }, options with { Language = "en" });
        Refused(good with { Language = "en" }, options with { LanguagePerWindow = true });
        Refused(good with { Language = "en" }, options with { CandidateLanguages = ["de", "es"] });
        _ = _engine.Transcribe(audio, options with { Language = "EN" }, good with { Language = "en" }, CancellationToken.None);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void A_passage_of_speech_that_is_none_is_refused()
    {
        using var audio = Fading();
        using var silence = new PcmAudio(audio.SampleCount);
        var options = new TranscribeOptions { Language = "en", SpeechDetection = FewWords };
        var windows = _engine.Transcribe(audio, options, null, CancellationToken.None).ToList();
        var last = windows[^1].Next;
        void Refused(ResumePoint from, PcmAudio? elsewhere = null) =>
            Assert.Throws<ArgumentException>(() => _engine.Transcribe(elsewhere ?? audio, options, from, CancellationToken.None).ToList());

        Assert.True(last.Passage > 0);
        Refused(last with { Passage = last.Passage + 1 });
        Refused(last with { Passage = last.Passage - 1 });
        Refused(last with { Passage = -1 });
        Refused(last with { Seek = last.Seek + 1 });
        Refused(last with { Seek = -1 });
        Refused(last with { Seek = 3001 });
        Refused(last with { Position = last.Position - TimeSpan.FromMilliseconds(10) });
        Refused(last with { Position = audio.Duration + TimeSpan.FromTicks(1) });
        Refused(last, silence);
    }

    List<WindowTranscript> AssertGoesOn(PcmAudio audio, TranscribeOptions options)
    {
        var windows = _engine.Transcribe(audio, options, null, CancellationToken.None).ToList();
        output.WriteLine($"{windows.Count} windows in {windows[^1].Next.Passage + 1} passages, {windows.Sum(window => window.Dropped.Count)} segments dropped");
        for (var done = 1; done <= windows.Count; done++)
        {
            var kept = windows.Take(done).Select(window => Back<WindowTranscript>(Json(window))).ToList();
            var rest = _engine.Transcribe(audio, options, Back<ResumePoint>(Json(kept[^1].Next)), CancellationToken.None);

            Assert.Equal(windows.Select(Json), kept.Concat(rest).Select(Json));
        }

        return windows;
    }

    float[] Mel(PcmAudio audio, int seek, ref float loudest)
    {
        var state = _engine.RentState();
        state.ComputeMel(audio.Samples, seek, ref loudest, CancellationToken.None);
        var mel = Window(state);
        _engine.ReturnState(state);
        return mel;

        static unsafe float[] Window(DecodingState state) =>
            new ReadOnlySpan<float>(state.Scratch.Mel.Floats + state.Model.Dimensions.Mels, ModelDimensions.WindowFrames * state.Model.Dimensions.Mels).ToArray();
    }

    /// <summary>Over a minute and a half of two languages, loud and soft voices, short and long pauses, a silence before and one after.</summary>
    static PcmAudio Mixed()
    {
        var audio = Recording.Join(
            (null, 6), ("en-02.wav", 0.4), ("en-17.wav", 0.5), ("en-37.wav", 2), ("en-05.wav", 0.3), ("en-31.wav", 9),
            ("es-04.wav", 0.4), ("es-24.wav", 0.3), ("es-48.wav", 0.6), ("es-14.wav", 1), ("es-33.wav", 0.2),
            ("en-42.wav", 0.5), ("en-10.wav", 12), ("en-46.wav", 0.4), ("es-28.wav", 0.5),
            ("en-56.wav", 0.5), ("en-07.wav", 0.4), ("en-55.wav", 0.4), ("es-58.wav", 0.3), ("es-09.wav", 8));
        Soften(audio, 28, 45, 0.2f);
        Soften(audio, 70, 80, 0.05f);
        return audio;
    }

    static PcmAudio Fading()
    {
        var audio = Recording.Join(("en-02.wav", 1.5), ("en-17.wav", 1.5), ("en-37.wav", 1.5), ("en-05.wav", 1.5), ("en-10.wav", 0.5));
        Soften(audio, 8, 30, 0.02f);
        return audio;
    }

    static void Soften(PcmAudio audio, int from, int to, float share)
    {
        foreach (ref var sample in audio.Samples[(from * PcmAudio.SampleRate)..Math.Min(to * PcmAudio.SampleRate, audio.SampleCount)])
        {
            sample *= share;
        }
    }

    static string Json<T>(T value) => JsonSerializer.Serialize(value, Exact);

    static T Back<T>(string json) => JsonSerializer.Deserialize<T>(json, Exact)!;
}
