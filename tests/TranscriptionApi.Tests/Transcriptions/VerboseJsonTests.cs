using System.Text.Json;
using SpeechEngine;
using TranscriptionApi.Transcriptions.Formats;

namespace TranscriptionApi.Tests.Transcriptions;

/// <summary>What verbose_json tells beyond the segments.</summary>
public sealed class VerboseJsonTests : IAsyncLifetime
{
    readonly TestApi _api = new();
    HttpClient _client = null!;

    public async ValueTask InitializeAsync() => _client = await _api.ReadyClientAsync();

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Theory]
    [InlineData("segments", "segment")]
    [InlineData("words", "word")]
    [InlineData("segments,words", "word", "segment", "word")]
    public async Task Granularities_decide_what_is_listed(string lists, params string[] granularities)
    {
        var body = await AskAsync([.. granularities.Select(value => ("timestamp_granularities[]", value))]);

        Assert.Equal(lists, string.Join(',', body.EnumerateObject().Select(key => key.Name).Where(name => name is "segments" or "words")));
    }

    [Fact]
    public async Task Words_are_bare_and_segments_stay_with_word_timestamps()
    {
        var body = await AskAsync(("word_timestamps", "true"));

        Assert.Equal(2, body.GetProperty("segments").GetArrayLength());
        Assert.StartsWith(
            """[{"word":"Hello","start":0.1,"end":0.5,"probability":0.75},{"word":"world","start":0.5,"end":1.2,"probability":0.75},{"word":"Größe","start":1.2,""",
            body.GetProperty("words").GetRawText());
    }

    [Fact]
    public async Task Silence_has_no_words_but_their_list()
    {
        _api.Engine.Windows = [ScriptedEngine.Window("en")];

        Assert.Equal("[]", (await AskAsync(("timestamp_granularities[]", "word"))).GetProperty("words").GetRawText());
    }

    [Fact]
    public async Task Language_is_that_of_the_first_window_with_text_and_its_probabilities_are_told()
    {
        _api.Engine.Windows =
        [
            ScriptedEngine.Window("fr") with { LanguageProbabilities = [new("fr", 0.6), new("es", 0.4)] },
            ScriptedEngine.Window("es") with { LanguageProbabilities = [new("es", 0.912345), new("pt", 0.05), new("gl", 0.001)] },
            ScriptedEngine.Window("es", ScriptedEngine.Segment(31, 32, " Hola.")),
            ScriptedEngine.Window("en", ScriptedEngine.Segment(61, 62, " Hello.")) with { LanguageProbabilities = [new("en", 1)] },
        ];
        var body = await AskAsync();

        Assert.Equal("spanish", body.GetProperty("language").GetString());
        Assert.Equal("es", body.GetProperty("language_code").GetString());
        Assert.Equal("""{"es":0.9123,"pt":0.05}""", body.GetProperty("language_probabilities").GetRawText());
    }

    [Fact]
    public async Task Probabilities_of_another_language_are_not_told()
    {
        _api.Engine.Windows = [ScriptedEngine.Window("fr") with { LanguageProbabilities = [new("fr", 0.6)] }, ScriptedEngine.Window("es", ScriptedEngine.Segment(31, 32, " Hola."))];

        Assert.False((await AskAsync()).TryGetProperty("language_probabilities", out _));
    }

    [Fact]
    public async Task Segments_say_their_language_only_when_there_are_several()
    {
        var spanish = ScriptedEngine.Segment(0, 1, " Hola.") with { Language = "es" };
        _api.Engine.Windows = [ScriptedEngine.Window("es", spanish), ScriptedEngine.Window("en", ScriptedEngine.Segment(31, 32, " Hello."))];
        var segments = (await AskAsync(("multilingual", "true"))).GetProperty("segments");
        Assert.Equal(["es", "en"], segments.EnumerateArray().Select(segment => segment.GetProperty("language").GetString()));

        _api.Engine.Windows = [ScriptedEngine.Window("es", spanish, spanish with { Channel = 1 })];
        segments = (await AskAsync(("multilingual", "true"))).GetProperty("segments");
        Assert.All(segments.EnumerateArray(), segment => Assert.False(segment.TryGetProperty("language", out _)));
        Assert.False(segments[0].TryGetProperty("channel", out _));
        Assert.Equal(1, segments[1].GetProperty("channel").GetInt32());
    }

    [Fact]
    public async Task Dropped_segments_come_with_what_spoke_against_them()
    {
        DroppedSegment Drop(double start, DropReasons reasons, double loudness) => new()
        {
            Segment = ScriptedEngine.Segment(start, start + 1.0004, " Thanks for watching!"),
            Reasons = reasons,
            SpeechProbability = 0.123456,
            Loudness = loudness,
        };
        _api.Engine.Windows =
        [
            ScriptedEngine.Hello with { Dropped = [Drop(2, DropReasons.NoSpeechDetected | DropReasons.LowLogProbability, -61.28)] },
            ScriptedEngine.Window("en") with { Dropped = [Drop(31, DropReasons.Silence, double.NegativeInfinity)] },
        ];
        var body = await AskAsync();

        Assert.Equal(
            """
            [{"start":2,"end":3,"text":" Thanks for watching!","reasons":["no_speech_detected","low_log_probability"],"speech_probability":0.1235,"avg_logprob":-0.25,"no_speech_prob":0.015625,"loudness_db":-61.3},
            {"start":31,"end":32,"text":" Thanks for watching!","reasons":["silence"],"speech_probability":0.1235,"avg_logprob":-0.25,"no_speech_prob":0.015625,"loudness_db":-120}]
            """.ReplaceLineEndings(""),
            body.GetProperty("dropped_segments").GetRawText());
        Assert.DoesNotContain("Thanks", body.GetProperty("text").GetString());
    }

    [Fact]
    public async Task Translation_has_the_code_of_english()
    {
        _api.Engine.Windows = [ScriptedEngine.Window("es", ScriptedEngine.Segment(0, 1, " Good morning.")) with { LanguageProbabilities = [new("es", 0.9)] }];
        using var form = TestApi.Form(("response_format", "verbose_json"));
        using var answer = await TestApi.PostAsync(_client, form, "/v1/audio/translations");

        Assert.EndsWith(""","language_code":"en","language_probabilities":{"es":0.9}}""", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(" Hello,", "Hello")]
    [InlineData(" “Hello!”", "Hello")]
    [InlineData(" don't", "don't")]
    [InlineData(" -5", "-5")]
    [InlineData(" -well", "well")]
    [InlineData(" 3.5%", "3.5%")]
    [InlineData(" C#.", "C#")]
    [InlineData(" ¿Qué?", "Qué")]
    [InlineData("世界。", "世界")]
    [InlineData(" ...", "")]
    [InlineData(" -", "")]
    [InlineData(" ", "")]
    [InlineData(" €5", "€5")]
    public void Word_is_bare_of_spaces_and_punctuation(string text, string bare) => Assert.Equal(bare, WordText.Bare(text));

    async Task<JsonElement> AskAsync(params (string Name, string Value)[] fields)
    {
        using var body = JsonDocument.Parse(await TestApi.TranscribeAsync(_client, [("response_format", "verbose_json"), .. fields]));
        return body.RootElement.Clone();
    }
}
