using System.Text;

namespace TranscriptionApi.Tests.Transcriptions;

/// <summary>Exact bodies and media types, byte for byte as OpenAI sends them.</summary>
public sealed class FormatTests : IAsyncLifetime
{
    readonly TestApi _api = new();
    HttpClient _client = null!;

    public async ValueTask InitializeAsync() => _client = await _api.ReadyClientAsync();

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Theory]
    [InlineData("json", "application/json", """{"text":"Hello, world! Größe 10 --> 5 €.","usage":{"type":"duration","seconds":2}}""")]
    [InlineData("text", "text/plain; charset=utf-8", "Hello, world! Größe 10 --> 5 €.\n")]
    [InlineData("srt", "text/plain; charset=utf-8", "1\n00:00:00,000 --> 00:00:01,200\nHello, world!\n\n2\n00:00:01,200 --> 00:00:01,960\nGröße 10 -> 5 €.\n\n\n")]
    [InlineData("vtt", "text/plain; charset=utf-8", "WEBVTT\n\n00:00:00.000 --> 00:00:01.200\nHello, world!\n\n00:00:01.200 --> 00:00:01.960\nGröße 10 -> 5 €.\n\n")]
    [InlineData("verbose_json", "application/json", """
        {"task":"transcribe","language":"english","duration":1.97,"text":"Hello, world! Größe 10 --> 5 €.","segments":[
        {"id":0,"seek":0,"start":0,"end":1.2,"text":" Hello, world!","tokens":[50364,2425,50424],"temperature":0.4,"avg_logprob":-0.25,"compression_ratio":0.8125,"no_speech_prob":0.015625},
        {"id":1,"seek":0,"start":1.2,"end":1.96,"text":" Größe 10 --> 5 €.","tokens":[50364,2425,50424],"temperature":0.4,"avg_logprob":-0.25,"compression_ratio":0.8125,"no_speech_prob":0.015625}],
        "usage":{"type":"duration","seconds":2},"language_code":"en"}
        """)]
    public async Task Body_is_exact(string format, string contentType, string body)
    {
        using var form = TestApi.FormWith(TestAudio.Wav(1.97), ("response_format", format));
        using var answer = await TestApi.PostAsync(_client, form);

        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Equal(contentType, answer.Content.Headers.ContentType?.ToString());
        var expected = format == "verbose_json" ? body.ReplaceLineEndings("") : body;
        Assert.Equal(expected, Encoding.UTF8.GetString(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)));
    }

    [Theory]
    [InlineData("json", """{"text":"","usage":{"type":"duration","seconds":2}}""")]
    [InlineData("text", "\n")]
    [InlineData("srt", "\n")]
    [InlineData("vtt", "WEBVTT\n\n")]
    [InlineData("verbose_json", """{"task":"transcribe","language":"french","duration":2,"text":"","segments":[],"usage":{"type":"duration","seconds":2},"language_code":"fr"}""")]
    public async Task Silence_gives_the_empty_form(string format, string body)
    {
        _api.Engine.Windows = [ScriptedEngine.Window("fr")];

        Assert.Equal(body, await TestApi.TranscribeAsync(_client, ("response_format", format)));
    }

    [Theory]
    [InlineData("json", """{"text":"Hello, world! Größe 10 --> 5 €."}""")]
    [InlineData("text", "Hello, world! Größe 10 --> 5 €.\n")]
    public async Task Translation_carries_no_usage(string format, string body)
    {
        using var form = TestApi.Form(("response_format", format));
        using var answer = await TestApi.PostAsync(_client, form, "/v1/audio/translations");

        Assert.Equal(body, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Translation_says_english_whatever_was_spoken()
    {
        _api.Engine.Windows = [ScriptedEngine.Window("es", ScriptedEngine.Segment(0, 1, " Good morning."))];
        using var form = TestApi.Form(("response_format", "verbose_json"));
        using var answer = await TestApi.PostAsync(_client, form, "/v1/audio/translations");

        var body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("""{"task":"translate","language":"english","duration":2,"text":"Good morning.","segments":[{"id":0,""", body);
        Assert.DoesNotContain("usage", body);
    }

    [Fact]
    public async Task Segments_of_all_windows_are_numbered_on()
    {
        _api.Engine.Windows =
        [
            ScriptedEngine.Window("haw", ScriptedEngine.Segment(0, 1, " one")),
            ScriptedEngine.Window("en", ScriptedEngine.Segment(3599.9996, 3661.0004, " two")),
        ];

        Assert.Equal(
            "1\n00:00:00,000 --> 00:00:01,000\none\n\n2\n01:00:00,000 --> 01:01:01,000\ntwo\n\n\n",
            await TestApi.TranscribeAsync(_client, ("response_format", "srt")));
        var verbose = await TestApi.TranscribeAsync(_client, ("response_format", "verbose_json"));
        Assert.Contains("\"language\":\"hawaiian\"", verbose);
        Assert.Contains("{\"id\":1,\"seek\":0,\"start\":3600,\"end\":3661,\"text\":\" two\"", verbose);
        Assert.Contains("\"text\":\"one two\"", verbose);
    }

    [Fact]
    public async Task Numbers_that_json_cannot_hold_become_zero()
    {
        _api.Engine.Windows = [ScriptedEngine.Window("en", ScriptedEngine.Segment(0, 1, " x") with { AverageLogProbability = double.NegativeInfinity, CompressionRatio = double.NaN })];

        Assert.Contains("\"avg_logprob\":0,\"compression_ratio\":0,", await TestApi.TranscribeAsync(_client, ("response_format", "verbose_json")));
    }
}
