using System.Net;
using System.Net.Http.Headers;

namespace TranscriptionApi.Tests.Jobs.Routes;

/// <summary>A job is there for the key that made it and for nobody else.</summary>
public sealed class JobOwnerTests : IAsyncLifetime
{
    readonly TestApi _api = new(("Security:ApiKeys:0", "key-of-ann"), ("Security:ApiKeys:1", "key-of-ben"), ("Jobs:JoinMinutes", "15"));
    HttpClient _ann = null!;
    HttpClient _ben = null!;

    public async ValueTask InitializeAsync()
    {
        _ann = await ClientAsync("key-of-ann");
        _ben = await ClientAsync("key-of-ben");
    }

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Theory]
    [InlineData("GET", "")]
    [InlineData("GET", "?stream=true")]
    [InlineData("GET", "/content")]
    [InlineData("GET", "/deliveries")]
    [InlineData("POST", "/cancel")]
    [InlineData("DELETE", "")]
    public async Task Job_of_another_key_is_like_one_that_never_was(string method, string route)
    {
        var id = (await _ann.StartAsync()).Id();
        var unknown = id[..^4] + (id.EndsWith("0000", StringComparison.Ordinal) ? "1111" : "0000");
        var theirs = await AskAsync(id);
        var none = await AskAsync(unknown);

        Assert.Equal(none.Replace(unknown, id, StringComparison.Ordinal), theirs);
        Assert.Equal("completed", (await _ann.JobAsync(id, "completed")).Status());

        async Task<string> AskAsync(string asked)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), $"{JobClient.Path}/{asked}{route}");
            using var answer = await _ben.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            var error = await TestApi.ErrorOfAsync(answer);
            Assert.Equal("id", error.GetProperty("param").GetString());
            Assert.StartsWith("No such transcription: '", error.Message());
            var headers = answer.Headers.Select(header => header.Key).Order(StringComparer.Ordinal);
            return $"{string.Join(' ', headers)} {error.GetRawText()}";
        }
    }

    [Fact]
    public async Task Lists_and_pages_show_only_ones_own_jobs()
    {
        var id = (await _ann.StartAsync()).Id();

        Assert.Empty((await _ben.GetJsonAsync(JobClient.Path)).GetProperty("data").EnumerateArray());
        Assert.Single((await _ann.GetJsonAsync(JobClient.Path)).GetProperty("data").EnumerateArray());
        await _ben.RefusedAsync($"{JobClient.Path}?after={id}", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Work_and_idempotency_keys_of_another_key_are_not_shared()
    {
        using var gate = new ManualResetEventSlim();
        _api.Engine.Gate = gate;
        foreach (var client in new[] { _ann, _ben })
        {
            client.DefaultRequestHeaders.Add("Idempotency-Key", "same-name");
        }

        var anns = TestApi.TranscribeAsync(_ann);
        await TestApi.WaitUntilAsync(() => Task.FromResult(_api.Engine.Running == 1));
        var bens = TestApi.TranscribeAsync(_ben);
        await TestApi.WaitUntilAsync(() => Task.FromResult(_api.Engine.Running == 2));
        gate.Set();

        Assert.Equal(await anns, await bens);
        Assert.Equal(2, _api.Engine.Asked.Count);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("transcription_")]
    [InlineData("transcription_0123456789abcdef0123456789ABCDEF")]
    [InlineData("transcription_0123456789abcdef0123456789abcdef0")]
    [InlineData("..%2f..%2fetc%2fpasswd")]
    [InlineData("%2e%2e%2fjobs.db")]
    [InlineData("'%20OR%201=1%20--")]
    [InlineData("%C3%A9%F0%9F%98%80")]
    public async Task Odd_ids_are_not_found(string id)
    {
        var error = await _ann.RefusedAsync($"{JobClient.Path}/{id}", HttpStatusCode.NotFound);

        Assert.Equal("id", error.GetProperty("param").GetString());
    }

    [Fact]
    public async Task Endless_id_is_not_found_and_not_repeated_in_full()
    {
        var error = await _ann.RefusedAsync($"{JobClient.Path}/{new string('x', 4000)}", HttpStatusCode.NotFound);

        Assert.InRange(error.Message().Length, 100, 200);
    }

    [Fact]
    public async Task Path_that_climbs_leads_to_no_job()
    {
        var id = (await _ann.StartAsync()).Id();

        Assert.StartsWith("Invalid URL (GET ", (await _ann.RefusedAsync($"{JobClient.Path}/{id}/../../{id}", HttpStatusCode.NotFound)).Message());
        Assert.StartsWith("Invalid URL (GET ", (await _ann.RefusedAsync($"{JobClient.Path}/{id}/content/x", HttpStatusCode.NotFound)).Message());
    }

    [Fact]
    public async Task Routes_want_a_key_like_all_others()
    {
        using var nobody = _api.CreateClient();
        foreach (var route in new[] { "", "/transcription_0", "/transcription_0/content", "/transcription_0/deliveries" })
        {
            await nobody.RefusedAsync(JobClient.Path + route, HttpStatusCode.Unauthorized);
        }
    }

    async Task<HttpClient> ClientAsync(string key)
    {
        var client = await _api.ReadyClientAsync();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return client;
    }
}
