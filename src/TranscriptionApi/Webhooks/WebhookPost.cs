using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Options;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Outbound;

namespace TranscriptionApi.Webhooks;

/// <summary>One attempt at one delivery: sign, post, judge the answer. Redirects are not followed, and the answer's body is not read.</summary>
sealed class WebhookPost(GuardedHttp http, RetrySchedule schedule, TimeProvider clock, IOptions<WebhookOptions> options)
{
    readonly WebhookSignature? _signature = options.Value.Secret is { } secret ? new WebhookSignature([secret, .. options.Value.PreviousSecrets]) : null;

    /// <summary>There is a secret to sign with.</summary>
    public bool IsOn => _signature is not null;

    public TimeSpan LongestTime => options.Value.Timeout();

    /// <summary>Never throws: whatever goes wrong is an outcome.</summary>
    public async Task<WebhookOutcome> SendAsync(DueWebhook due, CancellationToken stopping)
    {
        var started = clock.GetTimestamp();
        var (status, error) = await TryAsync(due, stopping);
        var outcome = new WebhookOutcome(status, error, clock.GetElapsedTime(started), IsDelivered: status is >= 200 and < 300, RetryAfter: null);
        return outcome.IsDelivered || status == (int)HttpStatusCode.Gone ? outcome : outcome with { RetryAfter = Delay(due, error) };
    }

    async Task<(int? Status, string? Error)> TryAsync(DueWebhook due, CancellationToken stopping)
    {
        if (OutboundUrl.Fault(due.Url, out var url) is not null)
        {
            return (null, WebhookFault.InvalidUrl);
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        patience.CancelAfter(LongestTime);
        try
        {
            using var request = Request(due, url!);
            using var answer = await http.SendAsync(request, patience.Token);
            return ((int)answer.StatusCode, null);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or AddressRefusedException or OperationCanceledException)
        {
            return (null, error switch
            {
                AddressRefusedException => WebhookFault.AddressNotAllowed,
                OperationCanceledException => stopping.IsCancellationRequested ? WebhookFault.Stopped : WebhookFault.Timeout,
                HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => WebhookFault.TlsFailed,
                _ => WebhookFault.ConnectionFailed,
            });
        }
    }

    HttpRequestMessage Request(DueWebhook due, Uri url)
    {
        // Body and id stay the same in every attempt; timestamp and signature are those of the attempt.
        var body = WebhookEvent.Of(due).ToBody();
        var timestamp = clock.GetUtcNow().ToUnixTimeSeconds();
        return new HttpRequestMessage(HttpMethod.Post, url)
        {
            Headers =
            {
                { "webhook-id", due.Id },
                { "webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture) },
                { "webhook-signature", _signature!.Sign(due.Id, timestamp, body) },
            },
            Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
        };
    }

    // A server that stops has not tried properly: the next one does so soon.
    TimeSpan? Delay(DueWebhook due, string? error) => error switch
    {
        WebhookFault.InvalidUrl => null,
        WebhookFault.Stopped => TimeSpan.Zero,
        _ => schedule.Delay((int)Math.Min(due.Attempts, 1_000_000) + 1, TimeSpan.FromMilliseconds(due.AgeMs), options.Value.Most(), Random.Shared.NextDouble()),
    };
}

/// <summary>Why there was no answer, in the words of the delivery log. Of a network behind the server they tell nothing.</summary>
static class WebhookFault
{
    public const string AddressNotAllowed = "address_not_allowed";
    public const string ConnectionFailed = "connection_failed";
    public const string InvalidUrl = "invalid_url";
    public const string Stopped = "server_stopped";
    public const string Timeout = "timeout";
    public const string TlsFailed = "tls_failed";

    public static IReadOnlyList<string> All { get; } = [AddressNotAllowed, ConnectionFailed, InvalidUrl, Stopped, Timeout, TlsFailed];
}
