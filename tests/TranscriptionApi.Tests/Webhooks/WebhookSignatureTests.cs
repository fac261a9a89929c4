using System.Globalization;
using System.Text;
using System.Text.Json;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Tests.Contract;
using TranscriptionApi.Webhooks;

namespace TranscriptionApi.Tests.Webhooks;

public sealed class WebhookSignatureTests
{
    const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const string Previous = "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=";

    static readonly byte[] Body = WebhookEvent.Of(new DueWebhook("msg_1", "transcription_1", "audio.transcription.completed", "https://example.com/", 0, 1_700_000_000_999, 0)).ToBody();

    [Fact]
    public void Body_names_the_event_and_the_job_and_nothing_else() =>
        Assert.Equal(
            """{"id":"evt_1","object":"event","type":"audio.transcription.completed","created_at":1700000000,"data":{"id":"transcription_1"}}""",
            Encoding.UTF8.GetString(Body));

    // The example of the Standard Webhooks specification.
    [Fact]
    public void Signature_is_the_specifications() =>
        Assert.Equal(
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            new WebhookSignature([Secret]).Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, """{"test": 2432232314}"""u8));

    [Fact]
    public void Every_secret_signs_while_it_is_replaced() =>
        Assert.Equal(
            $"{new WebhookSignature([Secret]).Sign("evt_1", 1, Body)} {new WebhookSignature([Previous]).Sign("evt_1", 1, Body)}",
            new WebhookSignature([Secret, Previous]).Sign("evt_1", 1, Body));

    [Theory]
    [InlineData(Secret, true)]
    [InlineData("whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldY", true)] // 24 bytes
    [InlineData("whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVlc=", false)] // 23 bytes
    [InlineData("whsec_", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", false)]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", false)]
    [InlineData("whsec_this is not base64, though long enough", false)]
    [InlineData("WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", false)]
    public void Secret_is_base64_of_at_least_24_bytes(string? secret, bool good) => Assert.Equal(good, WebhookSignature.Key(secret) is not null);

    public static IEnumerable<TheoryDataRow<string, string?>> Settings =>
    [
        new("nothing", null),
        new($"Secret={Secret}", null),
        new($"Secret={Secret} Previous={Previous} Url=https://example.com/hook", null),
        new("Secret=CANARY", "Webhooks:Secret must be \"whsec_\""),
        new($"Secret={Secret} Previous=CANARY", "Webhooks:PreviousSecrets:0 must be \"whsec_\""),
        new($"Previous={Previous}", "Webhooks:Secret is missing"),
        new("Url=https://example.com/hook", "Webhooks:Secret is missing"),
        new($"Secret={Secret} Url=https://user:CANARY@example.com/", "Webhooks:Url has a user name or password"),
        new($"Secret={Secret} Url=hook", "Webhooks:Url is no absolute URL"),
    ];

    [Theory]
    [MemberData(nameof(Settings))]
    public void Settings_are_checked_without_repeating_a_secret(string given, string? message)
    {
        var values = given.Split(' ').Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[^1]);
        var result = new WebhookOptionsValidator().Validate(null, new WebhookOptions
        {
            Secret = values.GetValueOrDefault("Secret"),
            PreviousSecrets = values.TryGetValue("Previous", out var previous) ? [previous] : [],
            Url = values.GetValueOrDefault("Url"),
        });

        Assert.Equal(message is null, result.Succeeded);
        Assert.Contains(message ?? "", result.FailureMessage ?? "");
        Assert.DoesNotContain("CANARY", result.FailureMessage ?? "");
    }

    [Fact]
    public async Task Node_client_takes_what_is_signed_and_nothing_else()
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var both = new WebhookSignature([Secret, Previous]).Sign("evt_1", now, Body);
        var old = new WebhookSignature([Secret]).Sign("evt_1", now - 301, Body);
        var ahead = new WebhookSignature([Secret]).Sign("evt_1", now + 301, Body);
        object[] deliveries =
        [
            Delivery("evt_1", now, new WebhookSignature([Secret]).Sign("evt_1", now, Body), Secret),
            Delivery("evt_1", now, both, Secret),
            Delivery("evt_1", now, both, Previous),
            Delivery("evt_1", now, new WebhookSignature([Secret]).Sign("evt_1", now, Body), Previous),
            Delivery("evt_2", now, new WebhookSignature([Secret]).Sign("evt_1", now, Body), Secret),
            Delivery("evt_1", now - 1, new WebhookSignature([Secret]).Sign("evt_1", now, Body), Secret),
            Delivery("evt_1", now - 301, old, Secret),
            Delivery("evt_1", now + 600, new WebhookSignature([Secret]).Sign("evt_1", now + 600, Body), Secret),
            Delivery("evt_1", now, new WebhookSignature([Secret]).Sign("evt_1", now, [.. Body, .. " "u8]), Secret),
        ];

        using var seen = await NodeClient.RunAsync("webhook.mjs", JsonSerializer.Serialize(deliveries));

        Assert.Equal(
            [
                "audio.transcription.completed transcription_1", "audio.transcription.completed transcription_1", "audio.transcription.completed transcription_1",
                "refused", "refused", "refused", "refused", "refused", "refused",
            ],
            seen.RootElement.EnumerateArray().Select(outcome => outcome.GetString()));
        Assert.NotEqual(old, ahead);
    }

    static Dictionary<string, object> Delivery(string id, long timestamp, string signature, string secret) => new()
    {
        ["body"] = Encoding.UTF8.GetString(Body),
        ["headers"] = new Dictionary<string, string>
        {
            ["webhook-id"] = id,
            ["webhook-timestamp"] = timestamp.ToString(CultureInfo.InvariantCulture),
            ["webhook-signature"] = signature,
        },
        ["secret"] = secret,
    };
}
