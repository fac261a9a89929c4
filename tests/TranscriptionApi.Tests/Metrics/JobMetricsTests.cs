using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.DependencyInjection;
using TranscriptionApi.Metrics;
using TranscriptionApi.Metrics.Prometheus;
using TranscriptionApi.Tests.Jobs;
using TranscriptionApi.Tests.Webhooks;

namespace TranscriptionApi.Tests.Metrics;

/// <summary>What the server says about itself at /metrics.</summary>
public sealed class JobMetricsTests(PostgresServer postgres)
{
    [Fact]
    public async Task Finished_transcription_is_measured_under_its_model_and_format()
    {
        await using var api = new TestApi();
        using var client = await api.ReadyClientAsync();

        await TestApi.TranscribeAsync(client);
        var lines = await ScrapeAsync(client);

        Assert.Contains("transcription_audio_seconds_total{model=\"alpha\"} 2", lines);
        Assert.Contains("transcription_work_seconds_count{format=\"wav\",model=\"alpha\"} 1", lines);
        Assert.Contains("transcription_real_time_factor_bucket{format=\"wav\",model=\"alpha\",le=\"10\"} 1", lines);
        Assert.Contains("transcription_queue_depth{lane=\"interactive\",state=\"queued\"} 0", lines);
        Assert.Contains("transcription_queue_depth{lane=\"interactive\",state=\"running\"} 0", lines);
    }

    [Fact]
    public async Task Events_of_jobs_are_counted_under_their_tags()
    {
        await using var api = new TestApi();
        using var client = api.CreateClient();

        Report(api.Services.GetRequiredService<JobMetrics>());
        var lines = await ScrapeAsync(client);

        Assert.Contains("transcription_jobs_accepted_total{lane=\"batch\"} 2", lines);
        Assert.Contains("transcription_jobs_ended_total{lane=\"batch\",state=\"completed\"} 1", lines);
        Assert.Contains("transcription_jobs_ended_total{code=\"invalid_audio\",lane=\"batch\",state=\"failed\"} 1", lines);
        Assert.Contains("transcription_jobs_joined_total 1", lines);
        Assert.Contains("transcription_attempts_total{outcome=\"retried\"} 1", lines);
        Assert.Contains("transcription_leases_lost_total 1", lines);
        Assert.Contains("transcription_webhooks_deliveries_total{outcome=\"delivered\"} 1", lines);
        Assert.Contains("transcription_queue_duration_seconds_sum{lane=\"batch\"} 1.5", lines);
        Assert.Contains("transcription_real_time_factor_sum{format=\"mp3\",model=\"beta\"} 0.1", lines);
    }

    [Fact]
    public async Task Framework_and_runtime_are_told_too()
    {
        await using var api = new TestApi();
        api.StartOnSocket();
        using var client = await api.ReadyClientAsync();

        var lines = await ScrapeAsync(client);

        Assert.Contains(lines, line => line.StartsWith("http_server_request_duration_seconds_count{http_request_method=\"GET\",http_response_status_code=\"200\",http_route=\"/readyz\"", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("kestrel_active_connections{", StringComparison.Ordinal));
        Assert.Contains("# TYPE dotnet_process_memory_working_set_bytes gauge", lines);
        Assert.Contains("# TYPE dotnet_gc_pause_time_seconds_total counter", lines);
    }

    [Fact]
    public async Task Scraper_needs_a_key_like_everybody()
    {
        await using var api = new TestApi(("Security:ApiKeys:0", "key"));
        using var client = api.CreateClient();

        using var refused = await client.GetAsync("/metrics", TestContext.Current.CancellationToken);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "key");
        using var answer = await client.GetAsync("/metrics", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(TextFormat.ContentType, answer.Content.Headers.ContentType?.ToString());
    }

    [Fact]
    public async Task Attempts_to_deliver_a_webhook_are_counted_by_their_outcome()
    {
        await using var store = await JobDatabases.OpenAsync(JobDatabases.Sqlite, postgres);
        await using var receiver = await Receiver.StartAsync();
        receiver.Answers.Enqueue(503);
        await using var service = await WebhookService.StartAsync(new TestStoreParts(store.Database, store.Signals));

        await WebhookService.EndJobAsync(store.Store, receiver.Url);

        await TestApi.WaitUntilAsync(() => Task.FromResult(service.Metrics.Scrape().Contains("transcription_webhooks_deliveries_total{outcome=\"delivered\"} 1")));
        Assert.Contains("transcription_webhooks_deliveries_total{outcome=\"failed\"} 1", service.Metrics.Scrape());
    }

    /// <summary>Every event once, so that every metric is there.</summary>
    internal static void Report(JobMetrics metrics)
    {
        metrics.Accepted("batch");
        metrics.Accepted("batch");
        metrics.Ended("completed", "batch");
        metrics.Ended("failed", "batch", "invalid_audio");
        metrics.Joined();
        metrics.AttemptEnded("retried");
        metrics.LeaseLost();
        metrics.WebhookSent("delivered");
        metrics.FirstClaimed("batch", TimeSpan.FromSeconds(1.5));
        metrics.Transcribed("beta", "mp3", TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(6));
    }

    static async Task<string[]> ScrapeAsync(HttpClient client) =>
        (await client.GetStringAsync("/metrics", TestContext.Current.CancellationToken)).Split('\n');
}
