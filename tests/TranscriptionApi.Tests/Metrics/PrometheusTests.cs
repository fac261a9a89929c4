using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using TranscriptionApi.Metrics;

namespace TranscriptionApi.Tests.Metrics;

/// <summary>A real Prometheus reads what the server says, and Grafana's dashboard asks for what is there.</summary>
public sealed partial class PrometheusTests : IAsyncLifetime
{
    const string Key = "scraper-and-client";

    readonly TestApi _api = new(("Engine:Concurrency", "1"), ("Security:ApiKeys:0", Key));
    readonly ManualResetEventSlim _gate = new();
    readonly List<Task> _requests = [];
    PrometheusServer? _prometheus;
    HttpClient? _client;

    PrometheusServer Prometheus => _prometheus!;

    /// <summary>A known load: three transcriptions of two seconds are done, one runs and two wait; every other event happened as the report says.</summary>
    public async ValueTask InitializeAsync()
    {
        var address = _api.StartOnSocket();
        _prometheus = new PrometheusServer(address, Key);
        _client = await _api.ReadyClientAsync();
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        for (var i = 0; i < 3; i++)
        {
            await TestApi.TranscribeAsync(_client);
        }

        _api.Engine.Gate = _gate;
        _requests.AddRange(Enumerable.Range(0, 3).Select(_ => TestApi.TranscribeAsync(_client)));
        JobMetricsTests.Report(_api.Services.GetRequiredService<JobMetrics>());
        GC.Collect();
    }

    public async ValueTask DisposeAsync()
    {
        _gate.Set();
        await Task.WhenAll(_requests);
        _prometheus?.Dispose();
        _client?.Dispose();
        await _api.DisposeAsync();
        _gate.Dispose();
    }

    [Fact]
    public async Task Prometheus_sees_the_load_there_is()
    {
        await Prometheus.ExpectAsync(2, "transcription_queue_depth{lane=\"interactive\",state=\"queued\"}");
        await Prometheus.ExpectAsync(1, "transcription_queue_depth{lane=\"interactive\",state=\"running\"}");
        await Prometheus.ExpectAsync(3, "transcription_real_time_factor_count{model=\"alpha\",format=\"wav\"}");
        await Prometheus.ExpectAsync(3, "transcription_real_time_factor_bucket{model=\"alpha\",le=\"+Inf\"}");
        await Prometheus.ExpectAsync(6, "transcription_audio_seconds_total{model=\"alpha\"}");
        await Prometheus.ExpectAsync(0.1, "transcription_real_time_factor_sum{model=\"beta\"} / transcription_real_time_factor_count{model=\"beta\"}");
        await Prometheus.ExpectAsync(0.075, "histogram_quantile(0.5, transcription_real_time_factor_bucket{model=\"beta\"})");
        await Prometheus.ExpectAsync(4, "transcription_queue_audio_seconds{lane=\"interactive\"}");
        await Prometheus.ExpectAsync(6, "transcription_jobs_accepted_total{lane=\"interactive\"}");
        await Prometheus.ExpectAsync(3, "transcription_jobs_ended_total{lane=\"interactive\",state=\"completed\"}");
        await Prometheus.ExpectAsync(3, "transcription_attempts_total{outcome=\"completed\"}");
        await Prometheus.ExpectAsync(4, "transcription_queue_duration_seconds_count{lane=\"interactive\"}");
        await Prometheus.ExpectAsync(1, "up{job=\"transcription\"}");

        _gate.Set();
        await Task.WhenAll(_requests);

        await Prometheus.ExpectAsync(0, "sum(transcription_queue_depth)");
        await Prometheus.ExpectAsync(6, "transcription_work_seconds_count{model=\"alpha\"}");
        await Prometheus.ExpectAsync(6, "transcription_jobs_ended_total{lane=\"interactive\",state=\"completed\"}");
        await Prometheus.ExpectAsync(0, "transcription_queue_audio_seconds{lane=\"interactive\"}");

        // Every recording is two seconds long, so what it took is twice the factor. The one that stood at the gate took time.
        await Prometheus.ExpectAsync(1, "abs(transcription_work_seconds_sum{model=\"alpha\"} - 2 * transcription_real_time_factor_sum{model=\"alpha\"}) < bool 1e-6");
        await Prometheus.ExpectAsync(1, "transcription_real_time_factor_sum{model=\"alpha\"} > bool 0.05");
        await Prometheus.ExpectAsync(6, "sum(http_server_request_duration_seconds_count{http_route=\"/v1/audio/transcriptions\",http_response_status_code=\"200\"})");
    }

    [Fact]
    public async Task Every_panel_of_the_dashboard_shows_something()
    {
        using var dashboard = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(ReadMeTests.Root, "docker", "grafana-dashboard.json"), TestContext.Current.CancellationToken));
        var panels = dashboard.RootElement.GetProperty("panels").EnumerateArray().Where(panel => panel.TryGetProperty("targets", out _)).ToList();
        var expressions = panels.SelectMany(panel => panel.GetProperty("targets").EnumerateArray().Select(target => target.GetProperty("expr").GetString()!)).ToList();
        Assert.InRange(expressions.Count, 20, 60);
        Assert.All(panels, panel => Assert.Equal("${datasource}", panel.GetProperty("datasource").GetProperty("uid").GetString()));

        foreach (var expression in expressions)
        {
            // As Grafana fills in its variables when everything is chosen.
            var query = expression.Replace("$job", ".*", StringComparison.Ordinal).Replace("$instance", ".*", StringComparison.Ordinal)
                .Replace("$__rate_interval", "30s", StringComparison.Ordinal);
            await TestApi.WaitUntilAsync(async () => (await Prometheus.QueryAsync(query)).Count > 0);
        }

        var names = await Prometheus.NamesAsync();
        Assert.All(expressions.SelectMany(expression => MetricNames().Matches(expression).Select(match => match.Value)), name => Assert.Contains(name, names));
    }

    [Fact]
    public async Task Promtool_reads_every_line()
    {
        var text = await _client!.GetStringAsync("/metrics", TestContext.Current.CancellationToken);

        var (status, complaints) = await PrometheusServer.CheckAsync(text);

        // It may only dislike .NET's own names.
        Assert.All(complaints, complaint => Assert.Matches("^(dotnet|aspnetcore|kestrel)_", complaint));
        Assert.InRange(status, 0, 3);
        Assert.NotEqual(1, status);
        Assert.NotEqual(1, (await PrometheusServer.CheckAsync("up 1\n")).Status);
        Assert.Equal(1, (await PrometheusServer.CheckAsync("up{ 1\n")).Status);
    }

    [GeneratedRegex(@"\b(?:transcription|http|kestrel|dotnet)_[a-z_]+(?=\{)")]
    private static partial Regex MetricNames();
}
