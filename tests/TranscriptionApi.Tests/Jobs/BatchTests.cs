using System.Net;
using System.Text.Json;
using TranscriptionApi.Tests.Jobs.Routes;

namespace TranscriptionApi.Tests.Jobs;

/// <summary>Several files in one call: a job each, all or none.</summary>
public sealed class BatchTests : IAsyncLifetime
{
    readonly TestApi _api = new(("Jobs:MaxBatchFiles", "3"), ("Jobs:MaxQueued", "3"), ("Jobs:JoinMinutes", "15"), ("Engine:Concurrency", "1"));
    readonly ManualResetEventSlim _gate = new();
    HttpClient _client = null!;

    public async ValueTask InitializeAsync() => _client = await _api.ReadyClientAsync();

    public async ValueTask DisposeAsync()
    {
        _gate.Set();
        await _api.DisposeAsync();
        _gate.Dispose();
    }

    [Theory]
    [InlineData("file")]
    [InlineData("file[]")]
    public async Task Every_file_becomes_a_job_of_the_batch(string field)
    {
        _api.Engine.Hear = audio => [ScriptedEngine.Window("en", ScriptedEngine.Segment(0, 1, $" {audio.Duration.TotalSeconds} seconds."))];
        var batch = await SendAsync(Form(field, [1, 2, 3], ("metadata", """{"a":"b"}""")));

        Assert.Equal("list", batch.GetProperty("object").GetString());
        Assert.Matches("^batch_[0-9a-f]{32}$", batch.GetProperty("batch_id").GetString());
        Assert.False(batch.GetProperty("has_more").GetBoolean());
        var jobs = batch.GetProperty("data").EnumerateArray().ToList();
        Assert.Equal((jobs[0].Id(), jobs[2].Id()), (batch.GetProperty("first_id").GetString(), batch.GetProperty("last_id").GetString()));
        Assert.All(jobs, job => Assert.Equal(("""{"a":"b"}""", batch.GetProperty("batch_id").GetString()), (job.GetProperty("metadata").GetRawText(), job.GetProperty("batch_id").GetString())));
        foreach (var (i, job) in jobs.Index())
        {
            Assert.Equal($"{i + 1} seconds.", (await _client.JobAsync(job.Id(), "completed")).GetProperty("text").GetString());
        }
    }

    [Fact]
    public async Task Batch_that_is_sent_again_is_the_same_batch()
    {
        _api.Engine.Gate = _gate;
        var first = await SendAsync(Form("file", [1, 2]));
        var again = await SendAsync(Form("file", [1, 2]));
        _client.DefaultRequestHeaders.Add("Idempotency-Key", "week-47");
        var named = await SendAsync(Form("file", [1]), single: true);
        using var other = await TestApi.PostAsync(_client, Form("file", [2, 1]));

        Assert.Equal(Ids(first), Ids(again));
        Assert.DoesNotContain(named.Id(), Ids(first));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, other.StatusCode);
    }

    [Fact]
    public async Task Idempotency_key_brings_back_all_jobs_of_a_batch()
    {
        _client.DefaultRequestHeaders.Add("Idempotency-Key", "week-48");
        var first = await SendAsync(Form("file", [1, 2]));

        Assert.Equal(Ids(first), Ids(await SendAsync(Form("file", [1, 2]))));
        Assert.Equal(2, (await _client.GetJsonAsync(JobClient.Path)).GetProperty("data").GetArrayLength());
    }

    [Fact]
    public async Task Batch_stays_a_list_when_all_but_one_of_its_jobs_are_deleted()
    {
        _client.DefaultRequestHeaders.Add("Idempotency-Key", "week-49");
        var first = await SendAsync(Form("file", [1, 2]));
        await _client.JobAsync(Ids(first)[1], "completed");
        using var deleted = await _client.DeleteAsync($"{JobClient.Path}/{Ids(first)[1]}", TestContext.Current.CancellationToken);
        var again = await SendAsync(Form("file", [1, 2]));

        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
        Assert.Equal("list", again.GetProperty("object").GetString());
        Assert.Equal([Ids(first)[0]], Ids(again));
        Assert.Equal(first.GetProperty("batch_id").GetString(), again.GetProperty("batch_id").GetString());
    }

    [Fact]
    public async Task Batch_that_does_not_fit_is_not_taken_at_all()
    {
        _api.Engine.Gate = _gate;
        await _client.JobAsync((await _client.StartAsync()).Id(), "in_progress");
        await SendAsync(Form("file", [1, 2]));
        using var form = Form("file", [2, 3]);
        using var refused = await TestApi.PostAsync(_client, form);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal(3, (await _client.GetJsonAsync(JobClient.Path)).GetProperty("data").GetArrayLength());
        Assert.Equal(3, Directory.GetFiles(Path.Combine(_api.DataFolder, "audio"), "*", SearchOption.AllDirectories).Length);
        Assert.Empty(Directory.GetFiles(_api.UploadsFolder, "*.upload", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Too_many_files_are_refused()
    {
        using var form = Form("file", [1, 1, 1, 1]);
        using var refused = await TestApi.PostAsync(_client, form);

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Equal("'file' was given more than 3 times.", (await TestApi.ErrorOfAsync(refused)).Message());
    }

    [Fact]
    public async Task Several_files_without_background_are_refused_with_the_way_out()
    {
        using var form = TestApi.Form();
        form.Add(new ByteArrayContent(TestAudio.Wav()), "file", "b.wav");
        using var refused = await TestApi.PostAsync(_client, form);

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains("'background'", (await TestApi.ErrorOfAsync(refused)).Message());
    }

    static MultipartFormDataContent Form(string field, double[] seconds, params (string Name, string Value)[] fields)
    {
        var form = new MultipartFormDataContent { { new StringContent(TestModels.Default), "model" }, { new StringContent("true"), "background" } };
        foreach (var length in seconds)
        {
            form.Add(new ByteArrayContent(TestAudio.Wav(length)), field, "a.wav");
        }

        foreach (var (name, value) in fields)
        {
            form.Add(new StringContent(value), name);
        }

        return form;
    }

    async Task<JsonElement> SendAsync(MultipartFormDataContent form, bool single = false)
    {
        using (form)
        {
            using var answer = await TestApi.PostAsync(_client, form);
            Assert.Equal(single, answer.Headers.Contains("x-transcription-id"));
            return await JobClient.ReadAsync(answer);
        }
    }

    static string[] Ids(JsonElement list) => [.. list.GetProperty("data").EnumerateArray().Select(job => job.Id())];
}
