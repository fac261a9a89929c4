using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using TranscriptionApi.Jobs.Store;

namespace TranscriptionApi.Tests.Jobs.Routes;

/// <summary>Audio is sent now, the answer is asked for later.</summary>
public sealed class BackgroundJobTests : IAsyncLifetime
{
    const string Text = "Hello, world! Größe 10 --> 5 €.";

    readonly TestApi _api = new(("Engine:Concurrency", "1"));
    readonly ManualResetEventSlim _gate = new();
    HttpClient _client = null!;

    public async ValueTask InitializeAsync() => _client = await _api.ReadyClientAsync();

    public async ValueTask DisposeAsync()
    {
        _gate.Set();
        await _api.DisposeAsync();
        _gate.Dispose();
    }

    [Fact]
    public async Task Job_is_told_at_once_and_its_transcript_when_it_is_there()
    {
        _api.Engine.Gate = _gate;
        var first = await _client.StartAsync(("metadata", """{"order":"17","who":"Zoë"}"""));
        Assert.Matches("^transcription_[0-9a-f]{32}$", first.Id());
        Assert.Equal("audio.transcription", first.GetProperty("object").GetString());
        var running = await _client.JobAsync(first.Id(), "in_progress");
        var second = await _client.StartAsync(("response_format", "verbose_json"));

        Assert.Equal("""{"order":"17","who":"Zoë"}""", running.GetProperty("metadata").GetRawText());
        Assert.Equal("{}", second.GetProperty("metadata").GetRawText());
        Assert.Equal(JsonValueKind.Null, running.GetProperty("queue_position").ValueKind);
        Assert.Equal(1, running.GetProperty("attempts").GetInt32());
        Assert.False(running.TryGetProperty("text", out _));
        Assert.Equal(("queued", 0), (second.Status(), second.GetProperty("queue_position").GetInt32()));
        var third = await _client.StartAsync();
        Assert.Equal(1, third.GetProperty("queue_position").GetInt32());
        Assert.True(third.GetProperty("estimated_start_at").GetInt64() >= second.GetProperty("estimated_start_at").GetInt64());
        Assert.True(third.GetProperty("estimated_completion_at").GetInt64() >= third.GetProperty("estimated_start_at").GetInt64());
        _gate.Set();

        var done = await _client.JobAsync(first.Id(), "completed");
        Assert.Equal((Text, 100, 2), (done.GetProperty("text").GetString(), done.GetProperty("progress").GetInt32(), done.GetProperty("usage").GetProperty("seconds").GetInt32()));
        Assert.True(done.GetProperty("completed_at").GetInt64() >= done.GetProperty("started_at").GetInt64());
        Assert.True(done.GetProperty("expires_at").GetInt64() > done.GetProperty("completed_at").GetInt64());
        Assert.Equal(JsonValueKind.Null, done.GetProperty("error").ValueKind);
        var verbose = await _client.JobAsync(second.Id(), "completed");
        Assert.Equal((Text, "english", 2), (verbose.GetProperty("text").GetString(), verbose.GetProperty("language").GetString(), verbose.GetProperty("segments").GetArrayLength()));
        Assert.Single(verbose.EnumerateObject(), key => key.Name == "usage");
    }

    [Theory]
    [InlineData("text")]
    [InlineData("srt")]
    [InlineData("vtt")]
    public async Task Formats_that_are_no_json_stand_in_the_job_as_their_exact_body(string format)
    {
        var job = await _client.JobAsync((await _client.StartAsync(("response_format", format))).Id(), "completed");

        Assert.Equal(Text, job.GetProperty("text").GetString());
        Assert.Equal(await TestApi.TranscribeAsync(_client, ("response_format", format)), job.GetProperty("content").GetString());
    }

    [Fact]
    public async Task Translations_go_to_the_background_too()
    {
        using var form = TestApi.Form(("background", "true"));
        using var answer = await TestApi.PostAsync(_client, form, "/v1/audio/translations");
        var job = await _client.JobAsync((await JobClient.ReadAsync(answer)).Id(), "completed");

        Assert.Equal(Text, job.GetProperty("text").GetString());
        Assert.Equal(JsonValueKind.Null, job.GetProperty("usage").ValueKind);
    }

    [Fact]
    public async Task Pending_job_says_when_to_ask_again()
    {
        _api.Engine.Gate = _gate;
        using var form = TestApi.Form(("background", "true"));
        using var answer = await TestApi.PostAsync(_client, form);
        var id = (await JobClient.ReadAsync(answer)).Id();

        Assert.InRange(int.Parse(Assert.Single(answer.Headers.GetValues("openai-poll-after-ms"))), 250, 10_000);
        Assert.Equal(id, Assert.Single(answer.Headers.GetValues("x-transcription-id")));
        _gate.Set();
        await _client.JobAsync(id, "completed");
        using var done = await _client.GetAsync($"{JobClient.Path}/{id}", TestContext.Current.CancellationToken);
        Assert.False(done.Headers.Contains("openai-poll-after-ms"));
        Assert.Equal(id, Assert.Single(done.Headers.GetValues("x-transcription-id")));
    }

    [Fact]
    public async Task Failed_job_says_why_wherever_it_is_asked_for()
    {
        using var form = TestApi.FormWith("This is no audio."u8.ToArray(), ("background", "true"));
        using var answer = await TestApi.PostAsync(_client, form);
        var id = (await JobClient.ReadAsync(answer)).Id();
        var job = await _client.JobAsync(id, "failed");

        Assert.Equal("unsupported_value", job.GetProperty("error").GetProperty("code").GetString());
        var why = job.GetProperty("error").GetProperty("message").GetString()!;
        Assert.Equal(JsonValueKind.Null, job.GetProperty("completed_at").ValueKind);
        var refused = await _client.RefusedAsync($"{JobClient.Path}/{id}/content");
        Assert.Equal(("unsupported_value", $"The transcription failed. {why}"), (refused.Code(), refused.Message()));
    }

    [Fact]
    public async Task Cancelled_job_stops_and_stays_cancelled()
    {
        _api.Engine.Gate = _gate;
        var running = await _client.StartAsync();
        await _client.JobAsync(running.Id(), "in_progress");
        var queued = await _client.StartAsync();

        Assert.Equal("cancelled", (await _client.CancelAsync(queued.Id())).Status());
        Assert.Equal("cancelled", (await _client.CancelAsync(running.Id())).Status());
        Assert.Equal("cancelled", (await _client.CancelAsync(running.Id())).Status());
        await TestApi.WaitUntilAsync(() => Task.FromResult(_api.Engine.Cancelled == 1));
        Assert.Single(_api.Engine.Asked);
        Assert.Equal("transcription_cancelled", (await _client.RefusedAsync($"{JobClient.Path}/{running.Id()}/content")).Code());
    }

    [Fact]
    public async Task Completed_job_is_not_changed_by_cancelling()
    {
        var job = await _client.JobAsync((await _client.StartAsync()).Id(), "completed");

        Assert.Equal(job.GetRawText(), (await _client.CancelAsync(job.Id())).GetRawText());
    }

    [Fact]
    public async Task Deleted_job_is_gone_with_all_it_left_also_while_it_runs()
    {
        _api.Engine.Gate = _gate;
        var running = (await _client.StartAsync()).Id();
        await _client.JobAsync(running, "in_progress");
        var queued = (await _client.StartAsync()).Id();
        Assert.Equal(2, Audio().Length);
        foreach (var id in new[] { running, queued })
        {
            using var answer = await _client.DeleteAsync($"{JobClient.Path}/{id}", TestContext.Current.CancellationToken);
            Assert.Equal($$"""{"id":"{{id}}","object":"audio.transcription.deleted","deleted":true}""", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            Assert.Equal($"No such transcription: '{id}'", (await _client.RefusedAsync($"{JobClient.Path}/{id}", HttpStatusCode.NotFound)).Message());
        }

        Assert.Empty(Audio());
        await TestApi.WaitUntilAsync(() => Task.FromResult(_api.Engine.Cancelled >= 1));
        await _client.RefusedAsync(HttpMethod.Delete, $"{JobClient.Path}/{running}", HttpStatusCode.NotFound);
        _api.Engine.Gate = null;
        var done = (await _client.JobAsync((await _client.StartAsync()).Id(), "completed")).Id();
        using var last = await _client.DeleteAsync($"{JobClient.Path}/{done}", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, last.StatusCode);
        Assert.Null(await _api.Services.GetRequiredService<JobStore>().TranscriptAsync(done, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("", "json")]
    [InlineData("?format=json", "json")]
    [InlineData("?format=text", "text")]
    [InlineData("?format=srt", "srt")]
    [InlineData("?format=vtt", "vtt")]
    [InlineData("?format=verbose_json", "verbose_json")]
    [InlineData("?format=verbose_json&timestamp_granularities[]=segment", "verbose_json")]
    [InlineData("?format=verbose_json&timestamp_granularities[]=word", "verbose_json", "timestamp_granularities[]", "word")]
    [InlineData("?format=verbose_json&timestamp_granularities%5B%5D=word&timestamp_granularities%5B%5D=segment", "verbose_json", "word_timestamps", "true")]
    [InlineData("?format=srt&max_line_width=10&max_line_count=1", "srt", "max_line_width", "10", "max_line_count", "1")]
    public async Task Content_is_what_a_call_in_that_format_would_answer(string query, string format, params string[] fields)
    {
        var id = (await _client.StartAsync(("response_format", "json"))).Id();
        if (fields.Length > 0)
        {
            id = (await _client.StartAsync(("response_format", "verbose_json"), ("word_timestamps", "true"))).Id();
        }

        await _client.JobAsync(id, "completed");
        using var content = await _client.GetAsync($"{JobClient.Path}/{id}/content{query}", TestContext.Current.CancellationToken);
        using var form = TestApi.Form([("response_format", format), .. fields.Chunk(2).Select(pair => (pair[0], pair[1]))]);
        using var direct = await TestApi.PostAsync(_client, form);

        Assert.Equal(await direct.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), await content.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(direct.Content.Headers.ContentType, content.Content.Headers.ContentType);
    }

    [Fact]
    public async Task Content_without_a_format_is_cut_as_it_was_asked_for()
    {
        var fields = new[] { ("response_format", "srt"), ("max_line_width", "10") };
        var id = (await _client.StartAsync(fields)).Id();
        await _client.JobAsync(id, "completed");

        Assert.Equal(await TestApi.TranscribeAsync(_client, fields), await _client.GetStringAsync($"{JobClient.Path}/{id}/content", TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("?format=doc", "format", "invalid_value")]
    [InlineData("?format=json&format=srt", "format", "invalid_value")]
    [InlineData("?format=verbose_json&timestamp_granularities[]=word", "timestamp_granularities[]", "unsupported_value")]
    [InlineData("?format=verbose_json&word_timestamps=true", "word_timestamps", "unsupported_value")]
    [InlineData("?format=vtt&max_line_width=20", "max_line_width", "unsupported_value")]
    [InlineData("?max_line_width=20", "max_line_width", "invalid_value")]
    [InlineData("?format=vtt&max_line_width=x", "max_line_width", "invalid_type")]
    [InlineData("?format=text&timestamp_granularities[]=segment", "timestamp_granularities[]", "invalid_value")]
    public async Task Content_that_cannot_be_had_is_refused_with_the_parameter_named(string query, string param, string code)
    {
        var id = (await _client.JobAsync((await _client.StartAsync()).Id(), "completed")).Id();
        var error = await _client.RefusedAsync($"{JobClient.Path}/{id}/content{query}");

        Assert.Equal((param, code), (error.GetProperty("param").GetString(), error.Code()));
        Assert.DoesNotContain("response_format", error.Message());
    }

    [Fact]
    public async Task Content_of_a_job_that_is_not_done_is_refused_in_a_way_that_clients_do_not_retry()
    {
        _api.Engine.Gate = _gate;
        var id = (await _client.StartAsync()).Id();
        var error = await _client.RefusedAsync($"{JobClient.Path}/{id}/content");

        Assert.Equal("transcription_not_completed", error.Code());
    }

    string[] Audio() => Directory.GetFiles(Path.Combine(_api.DataFolder, "audio"), "*", SearchOption.AllDirectories);
}
