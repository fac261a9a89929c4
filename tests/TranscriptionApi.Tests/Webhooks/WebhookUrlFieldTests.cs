using System.Net;
using System.Text.Json;
using TranscriptionApi.Tests.Contract;
using TranscriptionApi.Tests.Jobs.Routes;

namespace TranscriptionApi.Tests.Webhooks;

/// <summary>webhook_url from the request to the receiver, through the whole server.</summary>
public sealed class WebhookUrlFieldTests
{
    static readonly (string, string)[] On = [("Webhooks:Secret", WebhookService.Secret), ("Outbound:AllowedNetworks:0", "127.0.0.1/32")];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task End_of_a_background_job_is_told_signed_and_listed(bool isCompleted)
    {
        await using var receiver = await Receiver.StartAsync();
        await using var api = new TestApi(On);
        using var client = await api.ReadyClientAsync();
        api.Engine.Failure = isCompleted ? null : new InvalidOperationException();
        var job = (await client.StartAsync(("webhook_url", receiver.Url))).Id();
        await TestApi.WaitUntilAsync(() => Task.FromResult(!receiver.Attempts.IsEmpty));
        var (id, timestamp, signature, _, body) = Assert.Single(receiver.Attempts);

        await TestApi.WaitUntilAsync(async () => (await client.GetJsonAsync($"{JobClient.Path}/{job}/deliveries")).GetProperty("data").GetArrayLength() == 1);
        var delivery = (await client.GetJsonAsync($"{JobClient.Path}/{job}/deliveries")).GetProperty("data")[0];
        Assert.Equal((id, 1, 200), (delivery.Id(), delivery.GetProperty("attempt").GetInt32(), delivery.GetProperty("status_code").GetInt32()));
        Assert.DoesNotContain(api.Log, line => line.Contains("CANARY", StringComparison.Ordinal));
        var headers = new Dictionary<string, string> { ["webhook-id"] = id, ["webhook-timestamp"] = timestamp, ["webhook-signature"] = signature };
        using var seen = await NodeClient.RunAsync("webhook.mjs", JsonSerializer.Serialize(new[] { new { body, headers, secret = WebhookService.Secret } }));
        Assert.Equal($"audio.transcription.{(isCompleted ? "completed" : "failed")} {job}", seen.RootElement[0].GetString());
    }

    [Fact]
    public async Task Setting_stands_in_for_the_field_and_whoever_waits_is_told_nothing_more()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var api = new TestApi([.. On, ("Webhooks:Url", receiver.Url)]);
        using var client = await api.ReadyClientAsync();
        await TestApi.TranscribeAsync(client);
        var job = (await client.StartAsync(("temperature", "0.1"))).Id();

        await TestApi.WaitUntilAsync(() => Task.FromResult(!receiver.Attempts.IsEmpty));

        Assert.Contains(job, Assert.Single(receiver.Attempts).Body);
    }

    [Theory]
    [InlineData(true, "https://example.com/", "false")]
    [InlineData(true, "ftp://example.com/", "true")]
    [InlineData(true, "https://user:secret@example.com/", "true")]
    [InlineData(false, "https://example.com/", "true")]
    public async Task Field_is_refused_where_nothing_could_be_told(bool hasSecret, string url, string background)
    {
        await using var api = new TestApi(hasSecret ? On : []);
        using var client = await api.ReadyClientAsync();
        using var form = TestApi.Form(("webhook_url", url), ("background", background));

        using var answer = await TestApi.PostAsync(client, form);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("webhook_url", (await TestApi.ErrorOfAsync(answer)).GetProperty("param").GetString());
    }
}
