using System.Text.Json;

namespace TranscriptionApi.Tests.Contract;

/// <summary>OpenAI's Node client against a real socket; skipped where there is no Node or npm cannot fetch the client.</summary>
public sealed class NodeClientTests
{
    static readonly string Sample = Path.Combine(AppContext.BaseDirectory, "samples", "sample-en.wav");

    [Fact]
    public async Task Node_client_understands_every_answer()
    {
        await using var api = new TestApi();
        using var seen = await RunClientAsync(api, TestAudio.Wav());

        const string Text = "Hello, world! Größe 10 --> 5 €.";
        Assert.Equal($$$"""{"text":"{{{Text}}}","usage":{"type":"duration","seconds":2},"hasRequestId":true}""", Raw(seen, "json"));
        Assert.Equal($"\"{Text}\"", Raw(seen, "fromBuffer"));
        Assert.StartsWith($$"""{"task":"transcribe","language":"english","duration":2,"text":"{{Text}}","segments":[{"id":0,"seek":0,"start":0,"end":1.2,""", Raw(seen, "verbose"));
        Assert.Equal($"{Text}\n", seen.RootElement.GetProperty("text").GetString());
        Assert.StartsWith("1\n00:00:00,000 --> 00:00:01,200\nHello, world!\n\n2\n", seen.RootElement.GetProperty("srt").GetString());
        Assert.StartsWith("WEBVTT\n\n00:00:00.000 --> 00:00:01.200\n", seen.RootElement.GetProperty("vtt").GetString());
        Assert.StartsWith("""{"task":"translate","language":"english",""", Raw(seen, "translation"));
        Assert.Contains("whisper-1", seen.RootElement.GetProperty("models").EnumerateArray().Select(id => id.GetString()));
        Assert.StartsWith("""{"id":"whisper-1","object":"model","created":""", Raw(seen, "model"));
        AssertFailure(seen, "unknownModel", "NotFoundError", 404, null, "model_not_found");
        AssertFailure(seen, "unknownId", "NotFoundError", 404, "model", "model_not_found");
        AssertFailure(seen, "badLanguage", "BadRequestError", 400, "language", "invalid_language_format");
        AssertFailure(seen, "badFile", "BadRequestError", 400, "file", "unsupported_value");
        Assert.StartsWith($$"""{"task":"transcribe","language":"english","duration":2,"text":"{{Text}}","words":[{"word":"Hello","start":0.1,"end":0.5,"probability":0.75},""", Raw(seen, "words"));
        AssertFailure(seen, "streaming", "BadRequestError", 400, "stream", "unsupported_value");
    }

    [Fact]
    public async Task Node_client_hears_the_sample_through_the_real_engine()
    {
        await using var api = new TestApi { HasRealEngine = true };
        using var seen = await RunClientAsync(api, await File.ReadAllBytesAsync(Sample, TestContext.Current.CancellationToken));

        const string Text = "Alice is going to the library tomorrow.";
        Assert.Equal($$$"""{"text":"{{{Text}}}","usage":{"type":"duration","seconds":4},"hasRequestId":true}""", Raw(seen, "json"));
        Assert.StartsWith($$"""{"task":"transcribe","language":"english","duration":3.692,"text":"{{Text}}","segments":[{"id":0,"seek":0,"start":0.8,"end":3.2,""", Raw(seen, "verbose"));
        Assert.Equal($"1\n00:00:00,800 --> 00:00:03,200\n{Text}\n\n\n", seen.RootElement.GetProperty("srt").GetString());
        Assert.Equal($"WEBVTT\n\n00:00:00.800 --> 00:00:03.200\n{Text}\n\n", seen.RootElement.GetProperty("vtt").GetString());
    }

    static async Task<JsonDocument> RunClientAsync(TestApi api, byte[] speech)
    {
        await NodeClient.InstallAsync();
        var address = api.StartOnSocket();
        using var ready = await api.ReadyClientAsync();
        var audio = Path.Combine(api.DataFolder, "speech.wav");
        await File.WriteAllBytesAsync(audio, speech, TestContext.Current.CancellationToken);

        return await NodeClient.RunAsync("client.mjs", new Uri(address, "/v1").ToString(), audio);
    }

    static void AssertFailure(JsonDocument seen, string name, string kind, int status, string? param, string code)
    {
        var failure = seen.RootElement.GetProperty(name);
        Assert.Equal(kind, failure.GetProperty("class").GetString());
        Assert.Equal(status, failure.GetProperty("status").GetInt32());
        Assert.Equal("invalid_request_error", failure.GetProperty("type").GetString());
        Assert.Equal(param, failure.GetProperty("param").GetString());
        Assert.Equal(code, failure.GetProperty("code").GetString());
        Assert.True(failure.GetProperty("hasRequestId").GetBoolean());
    }

    static string Raw(JsonDocument seen, string name) => seen.RootElement.GetProperty(name).GetRawText();
}
