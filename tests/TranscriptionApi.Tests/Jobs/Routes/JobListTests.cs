using System.Net;
using System.Text.Json;

namespace TranscriptionApi.Tests.Jobs.Routes;

/// <summary>A caller's jobs, page by page.</summary>
public sealed class JobListTests : IAsyncLifetime
{
    readonly TestApi _api = new(("Engine:Concurrency", "1"));
    HttpClient _client = null!;

    public async ValueTask InitializeAsync() => _client = await _api.ReadyClientAsync();

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Fact]
    public async Task List_is_empty_without_jobs()
    {
        using var answer = await _client.GetAsync(JobClient.Path, TestContext.Current.CancellationToken);

        Assert.Equal(
            """{"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false}""",
            await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Pages_follow_each_other_without_gap_or_repetition_while_jobs_are_added()
    {
        var before = await StartAsync(7);
        var newestFirst = new List<string>();
        var oldestFirst = new List<string>();
        var added = new List<string>();
        for (string down = "", up = ""; ;)
        {
            var newer = await ListAsync($"limit=3{down}");
            var older = await ListAsync($"limit=3&order=asc{up}");
            newestFirst.AddRange(Ids(newer));
            oldestFirst.AddRange(Ids(older));
            Assert.Equal((Ids(newer)[0], Ids(newer)[^1]), (newer.GetProperty("first_id").GetString(), newer.GetProperty("last_id").GetString()));
            if (!newer.GetProperty("has_more").GetBoolean())
            {
                break;
            }

            (down, up) = ($"&after={Ids(newer)[^1]}", $"&after={Ids(older)[^1]}");
            added.AddRange(await StartAsync(1));
        }

        oldestFirst.AddRange(Ids(await ListAsync($"order=asc&after={oldestFirst[^1]}")));
        Assert.Equal(before, Enumerable.Reverse(newestFirst));
        Assert.Equal([.. before, .. added], oldestFirst);
    }

    [Fact]
    public async Task Jobs_are_found_by_state_model_and_batch()
    {
        using var gate = new ManualResetEventSlim();
        var done = await _client.JobAsync((await _client.StartAsync()).Id(), "completed");
        _api.Engine.Gate = gate;
        var running = await _client.JobAsync((await _client.StartAsync()).Id(), "in_progress");
        var other = (await _client.StartAsync(("model", TestModels.Other))).Id();
        using var form = TestApi.Form(("background", "true"));
        form.Add(new ByteArrayContent(TestAudio.Wav(1)), "file", "b.wav");
        using var answer = await TestApi.PostAsync(_client, form);
        var batch = await JobClient.ReadAsync(answer);

        Assert.Equal([done.Id()], Ids(await ListAsync("status=completed")));
        Assert.Equal([running.Id()], Ids(await ListAsync("status=in_progress")));
        Assert.Equal([other], Ids(await ListAsync($"model={TestModels.Other}")));
        Assert.Equal(4, Ids(await ListAsync("model=whisper-1")).Length);
        Assert.Equal(Ids(batch), Ids(await ListAsync($"batch_id={batch.GetProperty("batch_id").GetString()}&order=asc")));
        Assert.Empty(Ids(await ListAsync("batch_id=%00&model=%00")));
        Assert.Empty(Ids(await ListAsync("status=expired")));
        var told = (await ListAsync("status=completed")).GetProperty("data")[0];
        Assert.False(told.TryGetProperty("text", out _));
        Assert.Equal(2, told.GetProperty("usage").GetProperty("seconds").GetInt32());
        gate.Set();
    }

    [Theory]
    [InlineData("limit=0", "limit", "integer_below_min_value")]
    [InlineData("limit=101", "limit", "integer_above_max_value")]
    [InlineData("limit=ten", "limit", "invalid_type")]
    [InlineData("order=up", "order", "invalid_value")]
    [InlineData("status=running", "status", "invalid_value")]
    [InlineData("order=asc&order=desc", "order", "invalid_value")]
    public async Task Bad_parameters_are_refused_by_name(string query, string param, string code)
    {
        var error = await _client.RefusedAsync($"{JobClient.Path}?{query}");

        Assert.Equal((param, code), (error.GetProperty("param").GetString(), error.Code()));
    }

    [Fact]
    public async Task Page_after_an_unknown_job_is_not_found()
    {
        var error = await _client.RefusedAsync($"{JobClient.Path}?after=x%00y", HttpStatusCode.NotFound);

        Assert.Equal("after", error.GetProperty("param").GetString());
    }

    Task<JsonElement> ListAsync(string query) => _client.GetJsonAsync($"{JobClient.Path}?{query}");

    async Task<List<string>> StartAsync(int count)
    {
        var ids = new List<string>();
        for (var i = 0; i < count; i++)
        {
            ids.Add((await _client.StartAsync()).Id());
        }

        return ids;
    }

    static string[] Ids(JsonElement list) => [.. list.GetProperty("data").EnumerateArray().Select(job => job.Id())];
}
