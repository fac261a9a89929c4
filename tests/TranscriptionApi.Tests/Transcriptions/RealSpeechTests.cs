using System.Net;
using System.Text.Json;

namespace TranscriptionApi.Tests.Transcriptions;

/// <summary>The whole road, from the upload to the text, with the bundled model.</summary>
public sealed class RealSpeechTests : IAsyncLifetime
{
    const string English = "Alice is going to the library tomorrow.";
    const string Spanish = "Quiero enviar la grabación esta tarde.";

    readonly TestApi _api = new(("Uploads:MaxMegabytes", "64")) { HasRealEngine = true };
    HttpClient _client = null!;

    public async ValueTask InitializeAsync() => _client = await _api.ReadyClientAsync();

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return _api.DisposeAsync();
    }

    [Theory]
    [InlineData("sample-en.wav", "transcriptions", null, English)]
    [InlineData("sample-en.wav", "transcriptions", "en", English)]
    [InlineData("sample-es.wav", "transcriptions", "es", Spanish)]
    [InlineData("sample-es.wav", "transcriptions", null, Spanish)]
    [InlineData("sample-es.wav", "translations", null, "I want to send the recording this afternoon.")]
    public async Task A_sample_becomes_its_sentence(string sample, string route, string? language, string expected) =>
        Assert.Equal(expected, await TextAsync(Sample(sample), route, language));

    [Theory]
    [InlineData("json", """{"text":"","usage":{"type":"duration","seconds":60}}""")]
    [InlineData("text", "\n")]
    [InlineData("srt", "\n")]
    [InlineData("vtt", "WEBVTT\n\n")]
    [InlineData("verbose_json", """{"task":"transcribe","language":"english","duration":60,"text":"","segments":[],"usage":{"type":"duration","seconds":60},"language_code":"en","dropped_segments":[""")]
    public async Task A_minute_of_a_tone_gives_the_empty_form_and_verbose_json_says_what_was_left_out(string format, string body)
    {
        using var form = TestApi.FormWith(TestAudio.Wav(60), ("model", "whisper-1"), ("response_format", format), ("language", "en"));
        using var answer = await TestApi.PostAsync(_client, form);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        if (format != "verbose_json")
        {
            Assert.Equal(body, text);
            return;
        }

        Assert.StartsWith(body, text);
        Assert.Contains("\"reasons\":[\"no_speech_detected\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_people_who_speak_two_languages_at_once_are_both_understood()
    {
        byte[] left = Sample("sample-en.wav")[44..], right = Sample("sample-es.wav")[44..];
        var frames = Math.Max(left.Length, right.Length) / 2;
        var stereo = new byte[frames * 4];
        for (var i = 0; i < frames * 2; i += 2)
        {
            left.AsSpan(Math.Min(i, left.Length), i < left.Length ? 2 : 0).CopyTo(stereo.AsSpan(i * 2));
            right.AsSpan(Math.Min(i, right.Length), i < right.Length ? 2 : 0).CopyTo(stereo.AsSpan((i * 2) + 2));
        }

        using var form = TestApi.FormWith([.. TestAudio.Header(stereo.Length, channels: 2), .. stereo], ("model", "whisper-1"), ("channels", "separate"), ("response_format", "text"));
        using var answer = await TestApi.PostAsync(_client, form);

        var lines = (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal([$"[Channel 1] {English}", $"[Channel 2] {Spanish}"], lines.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_short_upload_is_answered_while_a_long_one_runs()
    {
        // Ten minutes: the Spanish sample over and over.
        var sentence = Sample("sample-es.wav");
        var minutes = new MemoryStream();
        minutes.Write(sentence.AsSpan(0, 40));
        minutes.Write([0, 0, 0, 0]);
        while (minutes.Length < 10 * 60 * 32_000)
        {
            minutes.Write(sentence.AsSpan(44));
        }

        var longUpload = TextAsync(minutes.ToArray(), "transcriptions", "es");
        await TestApi.WaitUntilAsync(async () => (await _client.GetStringAsync("/health")).Contains("\"running\":1", StringComparison.Ordinal));
        Assert.Equal(English, await TextAsync(Sample("sample-en.wav"), "transcriptions", "en"));
        Assert.False(longUpload.IsCompleted);
        Assert.Contains("Quiero", await longUpload, StringComparison.Ordinal);
    }

    static byte[] Sample(string name) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "samples", name));

    async Task<string> TextAsync(byte[] file, string route, string? language)
    {
        using var form = TestApi.FormWith(file, language is null ? [("model", "whisper-1")] : [("model", "whisper-1"), ("language", language)]);
        using var answer = await TestApi.PostAsync(_client, form, $"/v1/audio/{route}");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return body.RootElement.GetProperty("text").GetString()!;
    }
}
