using System.Net;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace TranscriptionApi.Tests.Jobs.Routes;

/// <summary>A job as a stream of events.</summary>
public sealed class JobEventTests : IAsyncLifetime
{
    static readonly string[] Whole =
    [
        "0 audio.transcription.queued", "1 audio.transcription.in_progress", "2 transcript.text.segment", "3 transcript.text.segment", "4 audio.transcription.completed",
    ];

    readonly TestApi _api = new();
    HttpClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _api.StartOnSocket();
        _client = await _api.ReadyClientAsync();
    }

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Fact]
    public async Task Stream_tells_the_whole_way_of_a_job()
    {
        using var gate = new ManualResetEventSlim();
        _api.Engine.Gate = gate;
        var id = (await _client.StartAsync(("response_format", "verbose_json"))).Id();
        using var answer = await OpenAsync(id);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));

        Assert.Equal("text/event-stream; charset=utf-8", answer.Content.Headers.ContentType?.ToString());
        Assert.Equal(id, Assert.Single(answer.Headers.GetValues("x-transcription-id")));
        Assert.Contains("no-store", answer.Headers.CacheControl?.ToString());
        var queued = await NextAsync(reader);
        var running = await NextAsync(reader);
        Assert.Equal(("queued", JsonValueKind.Null), (queued!.Value.GetProperty("transcription").Status(), queued.Value.GetProperty("transcription").GetProperty("started_at").ValueKind));
        Assert.Equal("in_progress", running!.Value.GetProperty("transcription").Status());
        gate.Set();
        var rest = await RestAsync(reader);

        Assert.Equal(Whole[2..], rest.Select(Name));
        Assert.Equal(
            """{"type":"transcript.text.segment","sequence_number":2,"id":"seg_0","start":0,"end":1.2,"text":" Hello, world!"}""", rest[0].GetRawText());
        Assert.Equal((await _client.JobAsync(id)).GetRawText(), rest[2].GetProperty("transcription").GetRawText());
        Assert.Equal(2, rest[2].GetProperty("transcription").GetProperty("segments").GetArrayLength());
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(1_000_000)]
    public async Task Stream_goes_on_behind_any_event_also_after_the_end(int after)
    {
        var id = (await _client.JobAsync((await _client.StartAsync()).Id(), "completed")).Id();

        Assert.Equal(Whole.Skip(after + 1), (await EventsAsync(id, after)).Select(Name));
    }

    [Fact]
    public async Task Segments_come_while_the_job_goes_on_with_the_numbers_they_keep()
    {
        using var gate = new ManualResetEventSlim();
        _api.Engine.Windows = [.. Enumerable.Range(0, 3).Select(i => ScriptedEngine.Hello with { Start = TimeSpan.FromSeconds(i), Position = TimeSpan.FromSeconds(i + 1) })];
        _api.Engine.BeforeWindow = index =>
        {
            if (index == 2)
            {
                gate.Wait();
            }
        };
        var id = (await _client.StartAsync()).Id();
        using var answer = await OpenAsync(id);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        var seen = new List<string>();
        while (seen.Count < 6)
        {
            seen.Add(Name((await NextAsync(reader))!.Value));
        }

        Assert.Equal("in_progress", (await _client.JobAsync(id)).Status());
        gate.Set();
        seen.AddRange((await RestAsync(reader)).Select(Name));

        Assert.Equal([.. Whole[..2], .. Enumerable.Range(2, 6).Select(number => $"{number} transcript.text.segment"), "8 audio.transcription.completed"], seen);
        Assert.Equal(seen, (await EventsAsync(id, -1)).Select(Name));
    }

    [Fact]
    public async Task Cancelled_job_ends_its_stream()
    {
        using var gate = new ManualResetEventSlim();
        _api.Engine.Gate = gate;
        var id = (await _client.StartAsync()).Id();
        await _client.JobAsync(id, "in_progress");
        var events = EventsAsync(id, 0);
        await _client.CancelAsync(id);

        Assert.Equal(["1 audio.transcription.in_progress", "2 audio.transcription.cancelled"], (await events).Select(Name));
    }

    [Fact]
    public async Task Stream_ends_without_its_closing_line_while_the_database_is_away_and_every_question_is_told_when_to_come_back()
    {
        using var gate = new ManualResetEventSlim();
        _api.Engine.Gate = gate;
        var id = (await _client.StartAsync()).Id();
        using var answer = await OpenAsync(id);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        await NextAsync(reader);
        await NextAsync(reader);
        var database = Path.Combine(_api.DataFolder, "jobs.db");
        File.Move(database, database + ".away");
        SqliteConnection.ClearAllPools();

        Assert.Equal("", await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
        foreach (var path in new[] { "", $"/{id}", $"/{id}?stream=true", $"/{id}/content", $"/{id}/deliveries" })
        {
            using var away = await _client.GetAsync(JobClient.Path + path, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, away.StatusCode);
            Assert.NotNull(away.Headers.RetryAfter);
            Assert.Equal("server_error", (await TestApi.ErrorOfAsync(away)).GetProperty("type").GetString());
        }

        File.Move(database + ".away", database);
        gate.Set();
        await _client.JobAsync(id, "completed");
        Assert.Equal(Whole[2..], (await EventsAsync(id, 1)).Select(Name));
        Assert.DoesNotContain(_api.Log, line => line.Contains("unhandled", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Erased_job_ends_its_stream()
    {
        using var gate = new ManualResetEventSlim();
        _api.Engine.Gate = gate;
        var id = (await _client.StartAsync()).Id();
        using var answer = await OpenAsync(id);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        Assert.NotNull(await NextAsync(reader));
        Assert.NotNull(await NextAsync(reader));
        using var deleted = await _client.DeleteAsync($"{JobClient.Path}/{id}", TestContext.Current.CancellationToken);

        Assert.Null(await NextAsync(reader));
    }

    [Fact]
    public async Task Separate_channels_tell_their_segments_at_the_end_in_their_order()
    {
        using var form = TestApi.FormWith(TestAudio.Channels(2, 0.1f, 0.5f), ("background", "true"), ("channels", "separate"));
        using var answer = await TestApi.PostAsync(_client, form);
        var id = (await JobClient.ReadAsync(answer)).Id();
        var live = await EventsAsync(id, -1);

        Assert.Equal(live.Select(Name), (await EventsAsync(id, -1)).Select(Name));
        var starts = live.Where(row => row.TryGetProperty("start", out _)).Select(row => row.GetProperty("start").GetDouble()).ToList();
        Assert.NotEmpty(starts);
        Assert.Equal(starts.Order(), starts);
    }

    [Fact]
    public async Task Reader_who_hangs_up_is_no_error()
    {
        using var gate = new ManualResetEventSlim();
        _api.Engine.Gate = gate;
        var id = (await _client.StartAsync()).Id();
        using (await OpenAsync(id))
        {
        }

        gate.Set();
        await _client.JobAsync(id, "completed");
        await TestApi.WaitUntilAsync(() => Task.FromResult(_api.Log.Count(line => line.Contains("GET /v1/audio/transcriptions/{id} ", StringComparison.Ordinal)) >= 2));
        Assert.DoesNotContain(_api.Log, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("stream=maybe", "stream", "invalid_type")]
    [InlineData("stream=true&starting_after=-1", "starting_after", "integer_below_min_value")]
    [InlineData("stream=true&starting_after=x", "starting_after", "invalid_type")]
    [InlineData("starting_after=1", "starting_after", "invalid_value")]
    public async Task Bad_parameters_are_refused_by_name(string query, string param, string code)
    {
        var error = await _client.RefusedAsync($"{JobClient.Path}/{(await _client.StartAsync()).Id()}?{query}");

        Assert.Equal((param, code), (error.GetProperty("param").GetString(), error.Code()));
    }

    static string Name(JsonElement row) => $"{row.GetProperty("sequence_number").GetInt32()} {row.GetProperty("type").GetString()}";

    Task<HttpResponseMessage> OpenAsync(string id, string query = "") =>
        _client.GetAsync($"{JobClient.Path}/{id}?stream=true{query}", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

    async Task<List<JsonElement>> EventsAsync(string id, int after)
    {
        using var answer = await OpenAsync(id, after < 0 ? "" : $"&starting_after={after}");
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        return await RestAsync(reader);
    }

    static async Task<List<JsonElement>> RestAsync(StreamReader reader)
    {
        var events = new List<JsonElement>();
        while (await NextAsync(reader) is { } next)
        {
            events.Add(next);
        }

        Assert.Null(await reader.ReadLineAsync(TestContext.Current.CancellationToken));
        return events;
    }

    /// <summary>The next event; null for the closing line.</summary>
    static async Task<JsonElement?> NextAsync(StreamReader reader)
    {
        var line = await reader.ReadLineAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("data: ", line);
        Assert.Equal("", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
        return line == "data: [DONE]" ? null : JsonDocument.Parse(line!["data: ".Length..]).RootElement;
    }
}
