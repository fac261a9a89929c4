using System.Net;
using System.Text.Json;

namespace TranscriptionApi.Tests.Health;

public sealed class HealthTests
{
    [Fact]
    public async Task Health_names_the_default_model_and_the_version()
    {
        await using var api = new TestApi();
        using var client = await api.ReadyClientAsync();
        using var health = JsonDocument.Parse(await client.GetStringAsync("/health", TestContext.Current.CancellationToken));

        Assert.Equal(["status", "version", "model", "simd", "running", "waiting"], health.RootElement.EnumerateObject().Select(key => key.Name));
        Assert.Equal("ready", health.RootElement.GetProperty("status").GetString());
        Assert.Equal(TestModels.Default, health.RootElement.GetProperty("model").GetString());
        Assert.NotEmpty(health.RootElement.GetProperty("version").GetString()!);
        Assert.Equal(SpeechEngine.Kernels.Simd.Width.ToString(), health.RootElement.GetProperty("simd").GetString());
        Assert.Equal("""{"status":"alive"}""", await client.GetStringAsync("/healthz", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Without_the_default_model_the_server_lives_but_is_not_ready()
    {
        await using var api = new TestApi(("Models:Default", "gamma"));
        using var client = api.CreateClient();
        await TestApi.WaitUntilAsync(async () => (await client.GetStringAsync("/health")).StartsWith("{\"status\":\"no_model\"", StringComparison.Ordinal));

        using var ready = await client.GetAsync("/readyz", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        using var alive = await client.GetAsync("/healthz", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, alive.StatusCode);
        await TestApi.TranscribeAsync(client, ("model", TestModels.Other));
    }
}
