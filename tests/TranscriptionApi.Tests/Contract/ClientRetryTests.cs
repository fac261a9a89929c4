using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using OpenAI;
using OpenAI.Audio;
using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Store;

namespace TranscriptionApi.Tests.Contract;

/// <summary>OpenAI's clients lose their patience and send the audio again by themselves: they get their answer, and it is transcribed once.</summary>
public sealed class ClientRetryTests : IAsyncLifetime
{
    const string Text = "Hello, world! Größe 10 --> 5 €.";

    // Short enough for the clients to give up, long enough for a busy machine to answer in.
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    readonly TestApi _api = new(("Jobs:JoinMinutes", "15"));
    readonly ManualResetEventSlim _gate = new();
    Uri _endpoint = null!;

    public async ValueTask InitializeAsync()
    {
        _endpoint = new Uri(_api.StartOnSocket(), "/v1");
        using var ready = await _api.ReadyClientAsync();
        await File.WriteAllBytesAsync(Audio, TestAudio.Wav(), TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _gate.Set();
        await _api.DisposeAsync();
        _gate.Dispose();
    }

    string Audio => Path.Combine(_api.DataFolder, "speech.wav");

    [Fact]
    public async Task Dotnet_client_gets_its_answer_through_its_own_retries()
    {
        _api.Engine.Gate = _gate;
        var asked = Client().TranscribeAudioAsync(Audio, new AudioTranscriptionOptions());
        await LetGoAfterAsync(hangUps: 2);

        Assert.Equal(Text, (await asked).Value.Text);
        await AssertTranscribedOnceAsync();
    }

    [Fact]
    public async Task Node_client_gets_its_answer_through_its_own_retries()
    {
        await NodeClient.InstallAsync();
        _api.Engine.Gate = _gate;
        var asked = NodeClient.RunAsync("retry.mjs", _endpoint.ToString(), Audio, $"{Patience.TotalMilliseconds}");
        await LetGoAfterAsync(hangUps: 2);

        using var seen = await asked;
        Assert.Equal(Text, seen.RootElement.GetProperty("text").GetString());
        await AssertTranscribedOnceAsync();
    }

    [Fact]
    public async Task Dotnet_client_asks_later_with_its_raw_methods()
    {
        var client = Client();
        using var form = TestApi.Form(("background", "true"), ("response_format", "verbose_json"));
        using var body = BinaryContent.Create(await form.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        var accepted = await client.TranscribeAudioAsync(body, form.Headers.ContentType!.ToString());
        using var job = JsonDocument.Parse(accepted.GetRawResponse().Content);
        var id = job.RootElement.GetProperty("id").GetString();
        PipelineResponse answer = null!;
        await TestApi.WaitUntilAsync(async () =>
        {
            using var message = client.Pipeline.CreateMessage();
            message.Request.Method = "GET";
            message.Request.Uri = new Uri($"{_endpoint}/audio/transcriptions/{id}");
            await client.Pipeline.SendAsync(message);
            answer = message.ExtractResponse()!;
            return answer.Content.ToString().Contains("\"status\":\"completed\"", StringComparison.Ordinal);
        });

        var transcription = ModelReaderWriter.Read<AudioTranscription>(answer.Content)!;
        Assert.Equal((Text, "english", 2), (transcription.Text, transcription.Language, transcription.Segments.Count));
    }

    [Fact]
    public async Task Node_client_asks_later_with_its_raw_methods()
    {
        using var seen = await NodeClient.RunAsync("later.mjs", _endpoint.ToString(), Audio);

        Assert.Equal(("queued", "completed", Text), (Seen("first"), Seen("last"), Seen("text")));
        Assert.Equal("""{"order":"17"}""", seen.RootElement.GetProperty("metadata").GetRawText());
        Assert.StartsWith("1\n00:00:00,000 --> ", Seen("srt"));
        Assert.Equal(5, seen.RootElement.GetProperty("events").GetArrayLength());
        Assert.True(seen.RootElement.GetProperty("deleted").GetBoolean());
        Assert.Equal("NotFoundError", Seen("gone"));

        string? Seen(string name) => seen.RootElement.GetProperty(name).GetString();
    }

    AudioClient Client() => new("whisper-1", new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = _endpoint, NetworkTimeout = Patience });

    // The transcription comes to its end only after the client gave up several times.
    async Task LetGoAfterAsync(int hangUps)
    {
        await TestApi.WaitUntilAsync(() => Task.FromResult(_api.Log.Count(line => line.Contains(" 499 in ", StringComparison.Ordinal)) >= hangUps));
        _gate.Set();
    }

    async Task AssertTranscribedOnceAsync()
    {
        Assert.Single(_api.Engine.Asked);
        var jobs = await _api.Services.GetRequiredService<JobStore>().ListAsync(
            "anonymous", new JobFilter(100, NewestFirst: true, After: null, State: null, Batch: null, Model: null), TestContext.Current.CancellationToken);
        Assert.Equal(JobState.Completed, Assert.Single(jobs).State);
    }
}
