using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SpeechEngine;
using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Outbound;
using TranscriptionApi.Tests.Metrics;
using TranscriptionApi.Transcriptions;
using TranscriptionApi.Webhooks;

namespace TranscriptionApi.Tests.Webhooks;

/// <summary>The sender as the server runs it, without the server: 127.0.0.1 is allowed, and a failed attempt is repeated soon.</summary>
sealed class WebhookService : IAsyncDisposable
{
    public const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    readonly GuardedHttp _http;
    readonly WebhookSender _sender;

    public WebhookService(IJobDatabase database, JobSignals signals, WebhookOptions? options = null, RetrySchedule? schedule = null)
    {
        _http = new GuardedHttp(new AddressRules(false, [IPNetwork.Parse("127.0.0.1/32")]), Dns.GetHostAddressesAsync);
        _sender = new WebhookSender(
            new Outbox(database),
            signals,
            new WebhookPost(_http, schedule ?? new RetrySchedule(TimeSpan.FromMilliseconds(50)), TimeProvider.System, Options.Create(options ?? new WebhookOptions { Secret = Secret })),
            Metrics.Jobs,
            NullLogger<WebhookSender>.Instance);
    }

    public TestMetrics Metrics { get; } = new();

    public static async Task<WebhookService> StartAsync(TestStoreParts store, WebhookOptions? options = null, RetrySchedule? schedule = null)
    {
        var service = new WebhookService(store.Database, store.Signals, options, schedule);
        await service._sender.StartAsync(TestContext.Current.CancellationToken);
        return service;
    }

    /// <summary>Ends a new job whose end is told at a URL; its id.</summary>
    public static async Task<string> EndJobAsync(JobStore store, string url)
    {
        var job = new NewJob
        {
            Id = JobId.New(),
            Owner = "owner",
            Lane = Lane.Batch,
            Request = new JobRequest { Model = "alpha", Options = new TranscribeOptions(), Format = "json", Layout = new Layout() },
            Fingerprint = JobId.Random(),
            RequestHash = JobId.Random(),
            Background = true,
            WebhookUrl = url,
            AudioPath = "ab/cd",
            AudioBytes = 100,
            AudioMs = 2000,
            AudioFormat = "wav",
        };
        await store.AcceptAsync([job], new AcceptRules(1000, 1000, null), TestContext.Current.CancellationToken);
        Assert.True(await store.CancelAsync("owner", job.Id, TestContext.Current.CancellationToken));
        return job.Id;
    }

    public Task StopAsync() => _sender.StopAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _sender.StopAsync(CancellationToken.None);
        _sender.Dispose();
        _http.Dispose();
        Metrics.Dispose();
    }
}

/// <summary>What the sender needs of a store.</summary>
sealed record TestStoreParts(IJobDatabase Database, JobSignals Signals);
