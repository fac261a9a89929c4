using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using TranscriptionApi.Security;

namespace TranscriptionApi.Tests.Security;

public sealed class ApiKeyTests : IAsyncLifetime
{
    const string Key = "tsk-0123456789-secret";

    readonly TestApi _api = new(("Security:ApiKeys:0", "another-key"), ("Security:ApiKeys:1", Key));
    HttpClient _client = null!;

    public async ValueTask InitializeAsync() => _client = await _api.ReadyClientAsync();

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Theory]
    [InlineData("Bearer " + Key)]
    [InlineData("bearer  " + Key)]
    [InlineData("BEARER another-key")]
    public async Task Right_key_is_let_in(string header)
    {
        _client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", header);

        await TestApi.TranscribeAsync(_client);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Basic " + Key)]
    [InlineData(Key)]
    public async Task Missing_key_is_told_how_to_send_one(string? header)
    {
        _client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", header);
        using var answer = await _client.GetAsync("/v1/models", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.ToString());
        var error = await TestApi.ErrorOfAsync(answer);
        Assert.StartsWith("You didn't provide an API key.", error.GetProperty("message").GetString());
        Assert.Null(error.GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("tsk-0123456789-wrong!", "tsk****ong!")]
    [InlineData("short", "****")]
    [InlineData(Key + "x", "tsk****retx")]
    public async Task Wrong_key_is_shown_masked(string key, string shown)
    {
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var answer = await _client.GetAsync("/v1/models", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        var error = await TestApi.ErrorOfAsync(answer);
        Assert.Equal($"Incorrect API key provided: {shown}.", error.GetProperty("message").GetString());
        Assert.Equal("invalid_api_key", error.GetProperty("code").GetString());
        Assert.DoesNotContain(_api.Log, line => line.Contains(key, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/healthz")]
    [InlineData("/readyz")]
    [InlineData("/openapi.yaml")]
    [InlineData("/docs/index.html")]
    public async Task Health_and_documentation_are_open(string path)
    {
        using var answer = await _client.GetAsync(path, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public void No_other_route_is_open()
    {
        var open = _api.Services.GetRequiredService<EndpointDataSource>().Endpoints
            .Where(endpoint => endpoint.Metadata.GetMetadata<OpenToAll>() is not null)
            .Select(endpoint => ((RouteEndpoint)endpoint).RoutePattern.RawText!);

        Assert.Equal(["/", "/health", "/healthz", "/openapi.yaml", "/readyz"], open.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Without_configured_keys_any_key_will_do()
    {
        await using var open = new TestApi();
        using var client = await open.ReadyClientAsync();
        await TestApi.TranscribeAsync(client);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "none");

        await TestApi.TranscribeAsync(client);
    }
}
