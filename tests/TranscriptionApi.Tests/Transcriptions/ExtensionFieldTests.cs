using System.Globalization;
using System.Net;
using SpeechEngine;
using SpeechEngine.Speech;
using TranscriptionApi.Transcriptions;

namespace TranscriptionApi.Tests.Transcriptions;

/// <summary>What every field beyond OpenAI's sets in the engine's options, and where its values end.</summary>
public sealed class ExtensionFieldTests(ExtensionFieldTests.Server server) : IClassFixture<ExtensionFieldTests.Server>
{
    static readonly Dictionary<string, (string Value, Func<TranscribeOptions, TranscribeOptions> Change)> Rows = new()
    {
        ["temperature_inc"] = ("0.5", Decoding(options => options with { TemperatureIncrement = 0.5f })),
        ["seed"] = ("42", Decoding(options => options with { Seed = 42 })),
        ["beam_size"] = ("5", Decoding(options => options with { BeamSize = 5 })),
        ["best_of"] = (" 2 ", Decoding(options => options with { BestOf = 2 })),
        ["patience"] = ("1.5", Decoding(options => options with { Patience = 1.5f })),
        ["length_penalty"] = ("0.25", Decoding(options => options with { LengthPenalty = 0.25f })),
        ["compression_ratio_threshold"] = ("1e1", Decoding(options => options with { CompressionRatioThreshold = 10 })),
        ["logprob_threshold"] = ("-0.5", Decoding(options => options with { LogProbabilityThreshold = -0.5 })),
        ["log_prob_threshold"] = ("-.5", Decoding(options => options with { LogProbabilityThreshold = -0.5 })),
        ["no_speech_threshold"] = ("0.3", Decoding(options => options with { NoSpeechThreshold = 0.3 })),
        ["suppress_blank"] = ("off", Decoding(options => options with { SuppressBlank = false })),
        ["suppress_non_speech"] = ("No", Decoding(options => options with { SuppressNonSpeech = false })),
        ["suppress_nst"] = ("FALSE", Decoding(options => options with { SuppressNonSpeech = false })),
        ["max_initial_timestamp"] = ("2.5", Decoding(options => options with { MaxInitialTimestamp = TimeSpan.FromSeconds(2.5) })),
        ["single_segment"] = ("on", Decoding(options => options with { SingleSegment = true })),
        ["without_timestamps"] = ("Yes", Decoding(options => options with { Timestamps = false })),
        ["no_timestamps"] = ("1", Decoding(options => options with { Timestamps = false })),
        ["condition_on_previous_text"] = ("True", options => options with { ConditionOnPreviousText = true }),
        ["multilingual"] = ("true", options => options with { LanguagePerWindow = true }),
        ["drop_invented"] = ("0", options => options with { DropInvented = false }),
        ["vad_filter"] = ("true", Detection(options => options)),
        ["vad"] = ("1", Detection(options => options)),
        ["vad_threshold"] = ("0.7", Detection(options => options with { Threshold = 0.7 })),
        ["vad_min_speech_duration_ms"] = ("500", Detection(options => options with { MinimumSpeech = TimeSpan.FromSeconds(0.5) })),
        ["vad_min_silence_duration_ms"] = ("2000", Detection(options => options with { MinimumSilence = TimeSpan.FromSeconds(2) })),
        ["vad_speech_pad_ms"] = ("400", Detection(options => options with { Padding = TimeSpan.FromSeconds(0.4) })),
        ["vad_max_speech_duration_s"] = ("12.5", Detection(options => options with { MaximumLength = TimeSpan.FromSeconds(12.5) })),
    };

    // Tested where several fields or the format play together.
    static readonly string[] Elsewhere =
        ["temperature", "prompt", "model", "response_format", "keywords", "hotwords", "word_timestamps", "suppress_tokens", "max_line_width", "max_line_count", "max_chars_per_second", "channels", "audio_url", "background", "metadata", "webhook_url"];

    public static IEnumerable<TheoryDataRow<string>> Names => Rows.Keys.Select(name => new TheoryDataRow<string>(name));

    public static IEnumerable<TheoryDataRow<string>> Bounded =>
        TranscriptionForm.TranscriptionFields.Where(row => row.Least is not null).Select(row => new TheoryDataRow<string>(row.Name));

    public static IEnumerable<TheoryDataRow<string>> Flags =>
        TranscriptionForm.TranscriptionFields.Where(row => row.Type == "boolean").Select(row => new TheoryDataRow<string>(row.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Field_sets_its_option_for_transcriptions_and_translations(string name)
    {
        var (value, change) = Rows[name];

        Assert.Equal(change(new TranscribeOptions()), await AskedAsync((name, value)));
        Assert.Equal(change(new TranscribeOptions { Task = SpeechTask.Translate }), await AskedAsync("/v1/audio/translations", (name + "[]", value)));
        Assert.Equal(new TranscribeOptions(), await AskedAsync((name, " ")));
    }

    [Fact]
    public void Every_field_is_tested() =>
        Assert.Equal(TranscriptionForm.TranslationFields.Select(field => field.Name).Order(), Rows.Keys.Concat(Elsewhere).Order());

    [Theory]
    [MemberData(nameof(Bounded))]
    public async Task Values_beyond_the_bounds_are_refused_and_the_bounds_taken(string name)
    {
        var field = TranscriptionForm.TranscriptionFields.Single(field => field.Name == name);
        var kind = field.Type == "integer" ? "integer" : "decimal";
        var step = field.Type == "integer" ? 1 : 0.01;

        await AskedAsync(WithFormat(name, Text(field.Least!.Value)));
        await AskedAsync(WithFormat(name, Text(field.Most!.Value)));
        await RefusedAsync($"{kind}_below_min_value", name, Text(field.Least!.Value - step));
        await RefusedAsync($"{kind}_above_max_value", name, Text(field.Most!.Value + step));
        await RefusedAsync("invalid_type", name, "many");
        await RefusedAsync("invalid_type", name, "1,5");
        await RefusedAsync("invalid_type", name, "NaN");
    }

    [Theory]
    [MemberData(nameof(Flags))]
    public async Task Flags_are_nothing_but_true_or_false(string name) => await RefusedAsync("invalid_type", name, "maybe");

    [Theory]
    [InlineData("-1", true, new int[0])]
    [InlineData("50, 60,-1", true, new[] { 50, 60 })]
    [InlineData("50,60,50", false, new[] { 50, 60 })]
    [InlineData("0", false, new[] { 0 })]
    public async Task Suppressed_tokens_are_read_as_openai_whisper_reads_them(string value, bool suppressesNonSpeech, int[] ids)
    {
        var asked = await AskedAsync(("suppress_tokens", value));

        Assert.Equal(suppressesNonSpeech, asked.Decoding.SuppressNonSpeech);
        Assert.Equal(ids, asked.Decoding.SuppressTokens);
    }

    [Fact]
    public async Task Suppressing_what_is_not_spoken_can_be_said_beside_the_tokens()
    {
        Assert.True((await AskedAsync(("suppress_non_speech", "true"), ("suppress_tokens", "50"))).Decoding.SuppressNonSpeech);
        Assert.False((await AskedAsync(("suppress_non_speech", "false"), ("suppress_tokens", "-1"))).Decoding.SuppressNonSpeech);
    }

    [Fact]
    public async Task No_limit_on_the_first_timestamp_is_zero() =>
        Assert.Null((await AskedAsync(("max_initial_timestamp", "0"))).Decoding.MaxInitialTimestamp);

    [Fact]
    public async Task Speech_detection_that_is_switched_off_stays_off() =>
        Assert.Null((await AskedAsync(("vad_threshold", "0.7"), ("vad_filter", "false"))).SpeechDetection);

    [Fact]
    public async Task Keywords_and_hotwords_are_joined_in_order_once_each()
    {
        var asked = await AskedAsync(
            ("keywords[]", " Núñez "), ("keywords", "Ada Lovelace"), ("keywords[2]", "a, b"), ("keywords[]", " "), ("hotwords", "ggml, Silero\r\n\nAda Lovelace,,VAD "));

        Assert.Equal(["Núñez", "Ada Lovelace", "a, b", "ggml", "Silero", "VAD"], asked.Keywords);
        Assert.Equal(["ggml"], (await AskedAsync("/v1/audio/translations", ("hotwords", "ggml"))).Keywords);
        Assert.Equal(100, (await AskedAsync([.. Enumerable.Range(0, 100).Select(i => ("keywords[]", new string('x', 190) + i))])).Keywords.Count);
        Assert.Same(new TranscribeOptions().Keywords, (await AskedAsync(("hotwords", " , \n"))).Keywords);
    }

    [Fact]
    public async Task Candidate_languages_are_read_like_languages()
    {
        Assert.Equal(["no", "es"], (await AskedAsync(("languages[]", "NB"), ("languages", "es"), ("languages[]", "no"))).CandidateLanguages);
        Assert.Equal(new TranscribeOptions { Language = "es" }, await AskedAsync(("language", "es"), ("languages[]", "en"), ("languages[]", "es")));
        Assert.Equal(new TranscribeOptions { Task = SpeechTask.Translate }, await AskedAsync("/v1/audio/translations", ("languages[]", "nonsense")));
    }

    [Theory]
    [InlineData("verbose_json", "timestamp_granularities[]", "word", true)]
    [InlineData("verbose_json", "timestamp_granularities[]", "segment", false)]
    [InlineData("verbose_json", "word_timestamps", "yes", true)]
    [InlineData("json", "word_timestamps", "false", false)]
    [InlineData("srt", "max_line_width", "30", true)]
    [InlineData("vtt", "max_line_count", "1", true)]
    [InlineData("srt", "max_chars_per_second", "15.5", true)]
    [InlineData("srt", "max_line_width", "", false)]
    public async Task Word_times_are_found_when_the_answer_needs_them(string format, string name, string value, bool needed) =>
        Assert.Equal(new TranscribeOptions { WordTimestamps = needed }, await AskedAsync(("response_format", format), (name, value)));

    static Func<TranscribeOptions, TranscribeOptions> Decoding(Func<DecodingOptions, DecodingOptions> change) =>
        options => options with { Decoding = change(options.Decoding) };

    static Func<TranscribeOptions, TranscribeOptions> Detection(Func<SpeechDetectionOptions, SpeechDetectionOptions> change) =>
        options => options with { SpeechDetection = change(new SpeechDetectionOptions()) };

    // Shapes are refused outside of subtitles.
    static (string Name, string Value)[] WithFormat(string name, string value) => [("response_format", name.StartsWith("max_", StringComparison.Ordinal) ? "srt" : "json"), (name, value)];

    static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);

    async Task RefusedAsync(string code, string name, string value)
    {
        using var form = TestApi.Form(WithFormat(name, value));
        using var answer = await TestApi.PostAsync(server.Client, form);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = await TestApi.ErrorOfAsync(answer);
        Assert.Equal(name, error.GetProperty("param").GetString());
        Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.Contains($"'{name}'", error.GetProperty("message").GetString());
    }

    Task<TranscribeOptions> AskedAsync(params (string Name, string Value)[] fields) => AskedAsync("/v1/audio/transcriptions", fields);

    async Task<TranscribeOptions> AskedAsync(string path, params (string Name, string Value)[] fields)
    {
        using var form = TestApi.Form(fields);
        using var answer = await TestApi.PostAsync(server.Client, form, path);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.True(server.Api.Engine.Asked.TryDequeue(out var asked));
        return asked;
    }

    /// <summary>One server for all fields; its queue of what was asked is emptied by every test.</summary>
    public sealed class Server : IAsyncLifetime
    {
        internal TestApi Api { get; } = new();

        internal HttpClient Client { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Client = await Api.ReadyClientAsync();

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await Api.DisposeAsync();
        }
    }
}
