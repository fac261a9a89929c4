using System.Net;
using System.Text.Json;
using TranscriptionApi.Tests.Jobs.Routes;

namespace TranscriptionApi.Tests.Jobs;

/// <summary>What a caller wants to find again with a job.</summary>
public sealed class MetadataTests : IAsyncLifetime
{
    readonly TestApi _api = new();
    HttpClient _client = null!;

    public async ValueTask InitializeAsync() => _client = await _api.ReadyClientAsync();

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Fact]
    public async Task As_much_as_openai_takes_is_given_back()
    {
        var metadata = JsonSerializer.Serialize(Enumerable.Range(0, 16).ToDictionary(i => $"{i:00}".PadRight(64, 'k'), _ => new string('ü', 512)));
        var job = await _client.JobAsync((await _client.StartAsync(("metadata", metadata))).Id());

        Assert.Equal(
            JsonSerializer.Deserialize<Dictionary<string, string>>(metadata), job.GetProperty("metadata").Deserialize<Dictionary<string, string>>());
    }

    [Fact]
    public async Task Objects_may_be_written_as_clients_write_them_in_forms()
    {
        var job = await _client.StartAsync(("metadata[order]", "17"), ("metadata[a b]", "\"x\""));

        Assert.Equal("""{"order":"17","a b":"\"x\""}""", job.GetProperty("metadata").GetRawText());
    }

    [Fact]
    public async Task Names_may_be_numbers()
    {
        var job = await _client.StartAsync(("metadata[17]", "x"), ("metadata[0]", "y"), ("metadata", """{"1":"z"}"""));

        Assert.Equal("""{"17":"x","0":"y","1":"z"}""", job.GetProperty("metadata").GetRawText());
    }

    [Fact]
    public async Task Same_names_and_values_in_another_order_are_the_same_request()
    {
        _client.DefaultRequestHeaders.Add("Idempotency-Key", "order-17");
        var first = await _client.StartAsync(("metadata[a]", "1"), ("metadata[b]", "2"));
        var again = await _client.StartAsync(("metadata", """{"b":"2","a":"1"}"""));

        Assert.Equal(first.Id(), again.Id());
    }

    [Theory]
    [InlineData("yes", "invalid_type")]
    [InlineData("[]", "invalid_type")]
    [InlineData("\"x\"", "invalid_type")]
    [InlineData("{\"a\":1}", "invalid_type")]
    [InlineData("{\"a\":{\"b\":\"c\"}}", "invalid_type")]
    [InlineData("{\"a\":null}", "invalid_type")]
    [InlineData("{\"a\":\"\\ud800\"}", "invalid_type")]
    [InlineData("{\"\":\"x\"}", "string_above_max_length")]
    [InlineData("key:65", "string_above_max_length")]
    [InlineData("value:513", "string_above_max_length")]
    [InlineData("pairs:17", "object_above_max_properties")]
    public async Task Anything_else_is_refused(string metadata, string code)
    {
        metadata = metadata switch
        {
            "key:65" => $$"""{"{{new string('k', 65)}}":""}""",
            "value:513" => $$"""{"k":"{{new string('v', 513)}}"}""",
            "pairs:17" => JsonSerializer.Serialize(Enumerable.Range(0, 17).ToDictionary(i => $"{i}", i => "")),
            _ => metadata,
        };
        using var form = TestApi.Form(("background", "true"), ("metadata", metadata));
        using var answer = await TestApi.PostAsync(_client, form);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = await TestApi.ErrorOfAsync(answer);
        Assert.Equal(("metadata", code), (error.GetProperty("param").GetString(), error.Code()));
    }
}
