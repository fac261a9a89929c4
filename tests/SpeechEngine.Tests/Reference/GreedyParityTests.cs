using SpeechEngine.Kernels;

namespace SpeechEngine.Tests.Reference;

/// <summary>Whole transcriptions against whisper.cpp's output for the same model file and the same clips.</summary>
public sealed class GreedyParityTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("q8_0")]
    [InlineData("q5_1")]
    [InlineData("f16")]
    [Trait("Category", "Slow")]
    public void Sentences_have_whisper_cpps_text_and_times(string type)
    {
        var model = type == "q8_0" ? TestFiles.BundledModel : TestFiles.Shared("demo-model", "models", $"ggml-demo-{type}.bin");
        var comparison = Compare(model, $"greedy-{type}", new TranscribeOptions(), languageGiven: true);

        output.WriteLine(comparison.Table(type));
        Assert.Equal(60, comparison.Clips);
        Assert.InRange(comparison.SameText, 59, 60);

        // Quantised activations make near ties of neighbouring timestamps a matter of the last bit, which differs by register width.
        Assert.InRange(comparison.SameTimes, Simd.Width >= SimdWidth.Vector256 ? 59 : 57, 60);
        Assert.InRange(comparison.Ours.Percent, 0, comparison.Theirs.Percent + 0.3);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Language_is_detected_as_by_whisper_cpp()
    {
        var comparison = Compare(TestFiles.BundledModel, "auto-q8_0", new TranscribeOptions(), languageGiven: false);

        output.WriteLine(comparison.Table("q8_0, language detected"));
        Assert.Equal(comparison.Clips, comparison.SameLanguage);
        Assert.InRange(comparison.WorstLanguageProbability, 0, 0.02);
        Assert.InRange(comparison.SameText, 59, 60);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Sentences_without_timestamps_have_whisper_cpps_text()
    {
        var comparison = Compare(TestFiles.BundledModel, "no-timestamps-q8_0", new TranscribeOptions(), languageGiven: true, timestamps: false);

        output.WriteLine(comparison.Table("q8_0, without timestamps"));
        Assert.InRange(comparison.SameText, 59, 60);
    }

    [Theory]
    [InlineData("prompt-alone-q8_0", "Turn on the radio in the garage.")]
    [InlineData("prompt-long-q8_0", "The meeting is on Thursday at ten thirty. Please call Julia tonight. The store opens at five on Saturday. Where is the library? We need to buy bread, coffee and rice. Tod"
        + "ay is April six. The plan is very easy. I have seven keys. Set a timer for twenty-six minutes. The white bear is playing in the kitchen. My phone number is seven nine seven four eight three.")]
    [Trait("Category", "Slow")]
    public void Sentences_after_a_prompt_have_whisper_cpps_text(string run, string prompt)
    {
        var comparison = Compare(TestFiles.BundledModel, run, new TranscribeOptions { Prompt = prompt }, languageGiven: true);

        output.WriteLine(comparison.Table(run));
        Assert.InRange(comparison.SameText, 58, 60);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Spanish_is_translated_as_by_whisper_cpp()
    {
        var comparison = Compare(TestFiles.BundledModel, "translate-q8_0", new TranscribeOptions { Task = SpeechTask.Translate }, languageGiven: true);

        output.WriteLine(comparison.Table("q8_0, translated"));
        Assert.InRange(comparison.SameText, comparison.Clips - 1, comparison.Clips);
        Assert.InRange(comparison.Ours.Percent, 0, comparison.Theirs.Percent + 0.3);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Long_files_are_compared_and_reported()
    {
        TestFiles.Shared("demo-model", "clips", "long-en-75.wav");
        var comparison = Compare(TestFiles.BundledModel, "greedy-q8_0", new TranscribeOptions(), languageGiven: true, clips: "long-");

        output.WriteLine(comparison.Table("q8_0, long files"));
        Assert.Equal(3, comparison.Clips);
        Assert.InRange(comparison.Ours.Percent, 0, comparison.Theirs.Percent + 5);
    }

    /// <summary>The reference was made at temperature 0 without a second attempt, and with every sign allowed.</summary>
    static DecodingOptions WhisperCppRun => new() { TemperatureIncrement = 0, SuppressNonSpeech = false };

    static Comparison Compare(string model, string run, TranscribeOptions options, bool languageGiven, string clips = "", bool timestamps = true)
    {
        using var engine = SpeechToText.Load(model, new EngineSettings());
        options = options with { Decoding = WhisperCppRun with { Timestamps = timestamps } };
        var truth = ReferenceTranscripts.Truth();
        var comparison = new Comparison(truth, options.Task);
        foreach (var expected in ReferenceTranscripts.Run(run).Where(clip => clips.Length > 0 ? clip.Clip.StartsWith(clips, StringComparison.Ordinal) : !clip.Clip.StartsWith("long-", StringComparison.Ordinal)))
        {
            var path = clips.Length > 0 ? TestFiles.Shared("demo-model", "clips", expected.Clip) : TestFiles.Data("clips", expected.Clip);
            using var audio = Recording.Read(path);
            var language = languageGiven ? truth[expected.Clip].Language : null;
            var windows = engine.Transcribe(audio, options with { Language = language }, null, CancellationToken.None).ToList();
            comparison.Add(expected, windows);
        }

        return comparison;
    }

    sealed class Comparison(Dictionary<string, TrueClip> truth, SpeechTask task)
    {
        readonly List<string> _differences = [];

        public int Clips { get; private set; }

        public int SameText { get; private set; }

        public int SameTimes { get; private set; }

        public int SameLanguage { get; private set; }

        /// <summary>Largest difference of the probability of English.</summary>
        public double WorstLanguageProbability { get; private set; }

        public WordErrorRate Ours { get; } = new();

        public WordErrorRate Theirs { get; } = new();

        public void Add(ReferenceClip expected, List<WindowTranscript> windows)
        {
            var segments = windows.SelectMany(window => window.Segments).ToList();
            var text = string.Concat(segments.Select(segment => segment.Text));
            var said = truth[expected.Clip];
            Clips++;
            Ours.Add(task == SpeechTask.Translate ? said.English : said.Text, text);
            Theirs.Add(task == SpeechTask.Translate ? said.English : said.Text, expected.Text);
            SameLanguage += windows.Count > 0 && windows[0].Language == (expected.Detected ?? expected.Language) ? 1 : 0;

            if (windows.Count > 0 && windows[0].LanguageProbabilities.Count > 0)
            {
                var english = windows[0].LanguageProbabilities.Single(language => language.Language == "en").Probability;
                WorstLanguageProbability = Math.Max(WorstLanguageProbability, Math.Abs(english - expected.English));
            }

            var times = segments.Select(segment => ((int)segment.Start.TotalMilliseconds / 10, (int)segment.End.TotalMilliseconds / 10));
            var sameTimes = times.SequenceEqual(expected.Segments.Select(segment => (segment.Start, segment.End)));
            SameTimes += sameTimes ? 1 : 0;
            SameText += text == expected.Text ? 1 : 0;
            if (text == expected.Text && !sameTimes)
            {
                _differences.Add($"{expected.Clip}: ours {string.Join(' ', segments.Select(s => $"{s.Start.TotalSeconds:F2}-{s.End.TotalSeconds:F2}"))} whisper.cpp {string.Join(' ', expected.Segments.Select(s => $"{s.Start / 100.0:F2}-{s.End / 100.0:F2}"))}");
            }
            else if (text != expected.Text)
            {
                _differences.Add($"{expected.Clip}: ours '{text}' whisper.cpp '{expected.Text}'");
            }
        }

        public string Table(string name) => $"""
            | {name} | clips | same text | same times | WER ours | WER whisper.cpp |
            |---|---:|---:|---:|---:|---:|
            | | {Clips} | {SameText} | {SameTimes} | {Ours.Percent:F2} % | {Theirs.Percent:F2} % |
            {string.Join('\n', _differences)}
            """;
    }
}
