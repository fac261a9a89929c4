using System.Net;
using Microsoft.Extensions.DependencyInjection;
using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Tests.Jobs.Routes;

namespace TranscriptionApi.Tests.Jobs;

/// <summary>A call that waits is a job: sent again it is the same job, in whatever format, and the audio is transcribed once.</summary>
public sealed class WaitingCallTests : IAsyncLifetime
{
    const string Key = "Idempotency-Key";

    readonly TestApi _api = new(("Jobs:JoinMinutes", "15"), ("Engine:MaxWaiting", "2"), ("Engine:Concurrency", "1"));
    readonly ManualResetEventSlim _gate = new();
    HttpClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _api.StartOnSocket();
        _client = await _api.ReadyClientAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _gate.Set();
        _client.Dispose();
        await _api.DisposeAsync();
        _gate.Dispose();
    }

    [Fact]
    public async Task Twenty_equal_calls_at_once_are_transcribed_once()
    {
        _api.Engine.Gate = _gate;
        var calls = Enumerable.Range(0, 20).Select(_ => TestApi.TranscribeAsync(_client)).ToList();
        await TestApi.WaitUntilAsync(() => Task.FromResult(_api.Engine.Running == 1));
        _gate.Set();

        Assert.Single((await Task.WhenAll(calls)).Distinct());
        Assert.Single(_api.Engine.Asked);
        Assert.Single(await JobsAsync());
        Assert.Empty(Directory.GetFiles(_api.UploadsFolder, "*.upload", SearchOption.AllDirectories));
        await TestApi.WaitUntilAsync(() => Task.FromResult(Audio().Length == 0));
    }

    [Fact]
    public async Task Joined_calls_each_get_their_own_format()
    {
        _api.Engine.Gate = _gate;
        string[] formats = ["json", "text", "srt", "vtt", "verbose_json"];
        var calls = formats.Select(format => TestApi.TranscribeAsync(_client, ("response_format", format))).ToList();
        await TestApi.WaitUntilAsync(() => Task.FromResult(_api.Engine.Running == 1));
        _gate.Set();
        var answers = await Task.WhenAll(calls);

        Assert.Single(_api.Engine.Asked);
        await using var alone = new TestApi();
        using var client = await alone.ReadyClientAsync();
        foreach (var (format, answer) in formats.Zip(answers))
        {
            Assert.Equal(await TestApi.TranscribeAsync(client, ("response_format", format)), answer);
        }
    }

    [Theory]
    [InlineData("language", "en")]
    [InlineData("temperature", "0.5")]
    [InlineData("prompt", "x")]
    [InlineData("channels", "separate")]
    [InlineData("model", TestModels.Other)]
    [InlineData("word_timestamps", "true")]
    public async Task What_changes_the_transcript_is_transcribed_anew(string field, string value)
    {
        await TestApi.TranscribeAsync(_client, ("response_format", "verbose_json"));
        await TestApi.TranscribeAsync(_client, ("response_format", "verbose_json"));
        Assert.Single(_api.Engine.Asked);

        await TestApi.TranscribeAsync(_client, ("response_format", "verbose_json"), (field, value));
        Assert.Equal(2, _api.Engine.Asked.Count);
    }

    [Fact]
    public async Task Other_audio_is_transcribed_anew()
    {
        await TestApi.TranscribeAsync(_client);
        using var form = TestApi.FormWith(TestAudio.Wav(2.5));
        using var answer = await TestApi.PostAsync(_client, form);

        Assert.Equal(2, _api.Engine.Asked.Count);
    }

    [Fact]
    public async Task Caller_who_hung_up_finds_the_job_again()
    {
        _api.Engine.Gate = _gate;
        using var patience = new CancellationTokenSource();
        using var form = TestApi.Form();
        var first = _client.PostAsync(JobClient.Path, form, patience.Token);
        await TestApi.WaitUntilAsync(() => Task.FromResult(_api.Engine.Running == 1));
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await TestApi.WaitUntilAsync(() => Task.FromResult(_api.Log.Any(line => line.Contains(" 499 in ", StringComparison.Ordinal))));
        var again = TestApi.TranscribeAsync(_client);
        _gate.Set();

        Assert.Contains("Hello, world!", await again);
        Assert.Single(_api.Engine.Asked);
        Assert.Equal(0, _api.Engine.Cancelled);
        Assert.Single(await JobsAsync());
    }

    [Fact]
    public async Task Error_of_a_job_reaches_everybody_who_waits_with_the_id_of_the_job()
    {
        _api.Engine.Gate = _gate;
        var calls = Enumerable.Range(0, 3).Select(async _ =>
        {
            using var form = TestApi.FormWith(TestAudio.Wav(3));
            using var answer = await TestApi.PostAsync(_client, form);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            return (Assert.Single(answer.Headers.GetValues("x-transcription-id")), (await TestApi.ErrorOfAsync(answer)).GetRawText());
        }).ToList();
        await TestApi.WaitUntilAsync(() => Task.FromResult(_api.Engine.Running == 1));
        _api.Engine.Failure = new SpeechEngine.Audio.InvalidAudioException(SpeechEngine.Audio.AudioFault.TooLong, "The audio is longer than it may be.");
        _gate.Set();
        var (id, error) = Assert.Single((await Task.WhenAll(calls)).Distinct());

        Assert.Contains("input_too_large", error);
        Assert.Equal("failed", (await _client.JobAsync(id)).Status());
    }

    [Fact]
    public async Task Cancelling_the_job_of_a_waiting_call_ends_the_call()
    {
        _api.Engine.Gate = _gate;
        using var form = TestApi.Form();
        var call = TestApi.PostAsync(_client, form);
        await TestApi.WaitUntilAsync(() => Task.FromResult(_api.Engine.Running == 1));
        await _client.CancelAsync(Assert.Single(await JobsAsync()).Id);
        using var answer = await call;

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("transcription_cancelled", (await TestApi.ErrorOfAsync(answer)).Code());
    }

    [Theory]
    [InlineData("")]
    [InlineData("background=true")]
    public async Task Idempotency_key_stands_for_one_request(string background)
    {
        var fields = background.Length > 0 ? new[] { ("background", "true") } : [];
        _client.DefaultRequestHeaders.Add(Key, "order-17");
        var ids = new List<string>();
        for (var i = 0; i < 2; i++)
        {
            using var form = TestApi.Form(fields);
            using var answer = await TestApi.PostAsync(_client, form);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            ids.Add(Assert.Single(answer.Headers.GetValues("x-transcription-id")));
        }

        Assert.Equal(ids[0], ids[1]);
        foreach (var other in new[] { ("response_format", "text"), ("language", "en"), ("background", background.Length > 0 ? "false" : "true"), ("metadata", """{"a":"b"}""") })
        {
            using var form = TestApi.Form([.. fields.Where(field => field.Item1 != other.Item1), other]);
            using var refused = await TestApi.PostAsync(_client, form);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
            Assert.Equal("idempotency_key_reused", (await TestApi.ErrorOfAsync(refused)).Code());
        }

        await _client.JobAsync(ids[0], "completed");
        Assert.Single(await JobsAsync());
        await TestApi.WaitUntilAsync(() => Task.FromResult(Audio().Length == 0));
    }

    [Fact]
    public async Task Different_idempotency_keys_are_different_requests()
    {
        foreach (var key in new[] { "a", new string('~', 255) })
        {
            _client.DefaultRequestHeaders.Remove(Key);
            _client.DefaultRequestHeaders.Add(Key, key);
            await TestApi.TranscribeAsync(_client);
        }

        Assert.Equal(2, _api.Engine.Asked.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("größe")]
    [InlineData("256")]
    [InlineData("twice")]
    public async Task Bad_idempotency_key_is_refused(string key)
    {
        string[] values = key switch
        {
            "256" => [new string('x', 256)],
            "twice" => ["a", "b"],
            _ => [key],
        };
        using var client = new HttpClient(new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => System.Text.Encoding.UTF8 }) { BaseAddress = _client.BaseAddress };
        client.DefaultRequestHeaders.TryAddWithoutValidation(Key, values);
        using var form = TestApi.Form();
        using var answer = await TestApi.PostAsync(client, form);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = await TestApi.ErrorOfAsync(answer);
        Assert.Equal((Key, "invalid_value"), (error.GetProperty("param").GetString(), error.Code()));
        Assert.Empty(_api.Engine.Asked);
    }

    [Fact]
    public async Task Line_that_is_full_turns_calls_away_and_keeps_nothing_of_them()
    {
        _api.Engine.Gate = _gate;
        var waiting = new List<Task<string>>();
        for (var i = 0; i < 3; i++)
        {
            var running = await JobsAsync();
            waiting.Add(TestApi.TranscribeAsync(_client, ("prompt", $"{i}")));
            await TestApi.WaitUntilAsync(async () => (await JobsAsync()).Count > running.Count);
        }

        using var form = TestApi.Form();
        using var refused = await TestApi.PostAsync(_client, form);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Equal("server_overloaded", (await TestApi.ErrorOfAsync(refused)).Code());
        Assert.False(refused.Headers.Contains("x-transcription-id"));
        Assert.Equal(3, Audio().Length);
        Assert.Equal("queued", (await _client.StartAsync()).Status());
        _gate.Set();
        await Task.WhenAll(waiting);
    }

    Task<List<Job>> JobsAsync() => _api.Services.GetRequiredService<JobStore>().ListAsync(
        "anonymous", new JobFilter(100, NewestFirst: true, After: null, State: null, Batch: null, Model: null), TestContext.Current.CancellationToken);

    string[] Audio() => Directory.GetFiles(Path.Combine(_api.DataFolder, "audio"), "*", SearchOption.AllDirectories);
}
