using System.Net;
using System.Text.Json;

namespace TranscriptionApi.Tests.Contract;

public sealed class ModelEndpointTests : IAsyncLifetime
{
    readonly TestApi _api = new();
    HttpClient _client = null!;

    public async ValueTask InitializeAsync() => _client = await _api.ReadyClientAsync();

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Fact]
    public async Task List_starts_with_the_default_model_and_ends_with_the_names_of_openai()
    {
        using var list = JsonDocument.Parse(await _client.GetStringAsync("/v1/models", TestContext.Current.CancellationToken));

        Assert.Equal("list", list.RootElement.GetProperty("object").GetString());
        var models = list.RootElement.GetProperty("data").EnumerateArray().ToArray();
        var ids = models.Select(model => model.GetProperty("id").GetString()!).ToArray();
        Assert.Equal(TestModels.Default, ids[0]);
        Assert.Contains(TestModels.Other, ids);
        Assert.True(Array.IndexOf(ids, "whisper-1") > Array.IndexOf(ids, TestModels.Other));
        Assert.Contains("gpt-4o-transcribe", ids);
        Assert.Equal(ids.Distinct(), ids);
        Assert.DoesNotContain(ids, id => id.EndsWith(".bin", StringComparison.Ordinal));
        Assert.All(models, model =>
        {
            Assert.Equal(["id", "object", "created", "owned_by"], model.EnumerateObject().Select(key => key.Name));
            Assert.Equal("model", model.GetProperty("object").GetString());
            Assert.True(model.GetProperty("created").TryGetInt64(out _));
        });
    }

    [Theory]
    [InlineData("/v1/models/alpha", "alpha")]
    [InlineData("/v1/models/whisper-1", "whisper-1")]
    [InlineData("/v1/models/beta.en", "beta.en")]
    public async Task Model_is_found_by_every_name(string path, string id)
    {
        using var model = JsonDocument.Parse(await _client.GetStringAsync(path, TestContext.Current.CancellationToken));

        Assert.Equal(id, model.RootElement.GetProperty("id").GetString());
    }

    [Theory]
    [InlineData("/v1/models/fake_id", "fake_id")]
    [InlineData("/v1/models/openai/fake", "openai/fake")]
    [InlineData("/v1/models/openai%2Ffake", "openai/fake")]
    public async Task Unknown_model_is_404(string path, string shown)
    {
        using var answer = await _client.GetAsync(path, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        var error = await TestApi.ErrorOfAsync(answer);
        Assert.Equal($"The model '{shown}' does not exist", error.GetProperty("message").GetString());
        Assert.Equal("model", error.GetProperty("param").GetString());
        Assert.Equal("model_not_found", error.GetProperty("code").GetString());
    }
}
