using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace TranscriptionApi.Tests.Requests;

/// <summary>What every answer carries, and what the log says and never says.</summary>
public sealed class RequestLogTests : IAsyncLifetime
{
    readonly TestApi _api = new();
    HttpClient _client = null!;

    public async ValueTask InitializeAsync() => _client = await _api.ReadyClientAsync();

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Theory]
    [InlineData("/v1/models")]
    [InlineData("/docs/index.html")]
    [InlineData("/nowhere")]
    [InlineData("/v1/audio/transcriptions")]
    [InlineData("/v1/models/nothing")]
    public async Task Every_answer_carries_the_headers(string path)
    {
        using var answer = await _client.GetAsync(path, TestContext.Current.CancellationToken);

        Assert.Matches("^req_[0-9a-f]{32}$", Assert.Single(answer.Headers.GetValues("x-request-id")));
        Assert.Matches("^[0-9]+$", Assert.Single(answer.Headers.GetValues("openai-processing-ms")));
        Assert.Equal("2020-10-01", Assert.Single(answer.Headers.GetValues("openai-version")));
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.False(answer.Headers.Contains("Server"));
    }

    [Fact]
    public async Task One_line_tells_what_was_done_for_a_request()
    {
        using var form = TestApi.Form();
        using var answer = await TestApi.PostAsync(_client, form);
        var id = Assert.Single(answer.Headers.GetValues("x-request-id"));
        await TestApi.WaitUntilAsync(() => Task.FromResult(_api.Log.Any(line => line.Contains(id, StringComparison.Ordinal))));

        Assert.Matches(
            $"{id} POST /v1/audio/transcriptions 200 in [0-9.]+ s, model alpha, audio 2 s, work [0-9.]+ s, real-time factor [0-9.]+",
            Assert.Single(_api.Log, line => line.Contains(id, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Unexpected_failure_is_logged_under_its_id_and_told_without_detail()
    {
        _api.Engine.Failure = new InvalidOperationException("canary in the engine room");
        using var form = TestApi.Form();
        using var answer = await TestApi.PostAsync(_client, form);

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        var error = await TestApi.ErrorOfAsync(answer);
        Assert.Equal("server_error", error.GetProperty("type").GetString());
        var id = Regex.Match(error.GetProperty("message").GetString()!, "transcription_[0-9a-f]{32}").Value;
        Assert.NotEmpty(id);
        Assert.DoesNotContain("canary", error.GetProperty("message").GetString());
        Assert.Single(_api.Log, line => line.Contains("canary in the engine room", StringComparison.Ordinal) && line.Contains(id, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Content_never_reaches_the_log()
    {
        _api.Engine.Windows = [ScriptedEngine.Window("en", ScriptedEngine.Segment(0, 1, " canary-transcript"))];
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "canary-key");
        foreach (var (name, value) in new[] { ("prompt", "canary-prompt"), ("model", "canary-model"), ("language", "canary-language"), ("temperature", "canary-temperature") })
        {
            using var form = TestApi.Form(("prompt", "canary-prompt"), (name == "prompt" ? "user" : name, value));
            form.First().Headers.ContentDisposition!.FileName = "canary-file.wav";
            using var answer = await TestApi.PostAsync(_client, form, "/v1/audio/transcriptions?canary-query=1");
        }

        using var bad = TestApi.FormWith("canary-audio"u8.ToArray());
        using var refused = await TestApi.PostAsync(_client, bad);
        using var nowhere = await _client.GetAsync("/canary-path", TestContext.Current.CancellationToken);

        Assert.DoesNotContain(_api.Log, line => line.Contains("canary", StringComparison.Ordinal));
    }
}
