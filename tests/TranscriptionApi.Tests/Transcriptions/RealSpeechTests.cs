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
