using System.Net;
using System.Net.Sockets;
using System.Text;
using TranscriptionApi.Metrics;

namespace TranscriptionApi.Tests.Metrics;

/// <summary>Metrics and traces leave over OTLP when the standard variables say so, and only then.</summary>
public sealed class OtlpExportTests
{
    const string TraceId = "0af7651916cd43dd8448eb211c80319c";

    [Fact]
    public async Task Metrics_and_spans_arrive_under_the_callers_trace()
    {
        using var collector = new OtlpReceiver();
        var api = new TestApi(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer%20collector"),
            ("OTEL_SERVICE_NAME", "speech-in-cellar"));
        await using (api)
        {
            // A server on a socket ends its requests, and their spans, before it stops.
            api.StartOnSocket();
            using var client = await api.ReadyClientAsync();
            client.DefaultRequestHeaders.Add("traceparent", $"00-{TraceId}-b7ad6b7169203331-01");
            await TestApi.TranscribeAsync(client);
        }

        // Neither is due yet: both are sent because the server stops.
        Assert.True(collector.Has("/v1/metrics", "speech-in-cellar", "TranscriptionApi", "transcription.audio", "transcription.real_time_factor", "http.server.request.duration"), string.Join(' ', api.Log));
        Assert.True(collector.Has("/v1/traces", Raw(TraceId), "speech-in-cellar", "decode", "transcribe", "POST /v1/audio/transcriptions", "transcription.model", "alpha"));
        Assert.All(collector.Received, request => Assert.Equal("Bearer collector", request.Authorization));
    }

    [Fact]
    public async Task One_signal_alone_goes_exactly_where_its_variable_says()
    {
        using var collector = new OtlpReceiver();
        await using (var api = new TestApi(
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", collector.Address + "/here"), ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf")))
        {
            using var client = await api.ReadyClientAsync();
            await TestApi.TranscribeAsync(client);
        }

        Assert.True(collector.Has("/here", "transcription-api", "transcribe"));
        Assert.All(collector.Received, request => Assert.Equal("/here", request.Path));
    }

    [Theory]
    [InlineData("OTEL_SDK_DISABLED", "true")]
    [InlineData("OTEL_SDK_DISABLED", "TRUE")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "")]
    public async Task Nothing_is_sent_unasked(string name, string value)
    {
        using var collector = new OtlpReceiver();
        await using (var api = new TestApi(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), (name, value)))
        {
            using var client = await api.ReadyClientAsync();
            await TestApi.TranscribeAsync(client);
            Assert.Contains("transcription_audio_seconds_total", await client.GetStringAsync("/metrics", TestContext.Current.CancellationToken));
            Assert.DoesNotContain(api.Log, line => line.Contains("OTLP", StringComparison.Ordinal));
        }

        Assert.Empty(collector.Received);
    }

    [Fact]
    public async Task A_signal_can_be_left_out()
    {
        using var collector = new OtlpReceiver();
        await using (var api = new TestApi(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_TRACES_EXPORTER", "none"), ("OTEL_METRIC_EXPORT_INTERVAL", "200")))
        {
            using var client = await api.ReadyClientAsync();
            await TestApi.TranscribeAsync(client);
            await TestApi.WaitUntilAsync(() => Task.FromResult(collector.Has("/v1/metrics", "transcription.audio")));
        }

        Assert.DoesNotContain(collector.Received, request => request.Path == "/v1/traces");
    }

    [Fact]
    public async Task Misspelt_endpoint_is_told_and_the_server_goes_on()
    {
        await using var api = new TestApi(("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318"));
        using var client = await api.ReadyClientAsync();

        await TestApi.TranscribeAsync(client);

        Assert.Contains(api.Log, line => line.Contains("OTEL_EXPORTER_OTLP_ENDPOINT is no http or https address", StringComparison.Ordinal));
        Assert.DoesNotContain(api.Log, line => line.Contains("Exporting over OTLP", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Collector_that_is_away_is_told_and_the_server_goes_on()
    {
        await using var api = new TestApi(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://127.0.0.1:{FreePort.Find()}"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "100"));
        using var client = await api.ReadyClientAsync();

        await TestApi.WaitUntilAsync(() => Task.FromResult(api.Log.Any(line => line.StartsWith("Warning: OTLP export: ", StringComparison.Ordinal))));

        await TestApi.TranscribeAsync(client);
        Assert.DoesNotContain(api.Log, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Collector_that_never_answers_does_not_hold_up_the_stop_for_long()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var api = new TestApi(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://{silent.LocalEndpoint}"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_EXPORTER_OTLP_TIMEOUT", "600000"));
        using (var client = await api.ReadyClientAsync())
        {
            await TestApi.TranscribeAsync(client);
        }

        // Without the limit this would take ten minutes.
        await api.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task An_attempt_elsewhere_continues_the_trace_of_the_job()
    {
        using var collector = new OtlpReceiver();
        string? traceparent;
        await using (var api = new TestApi(("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")))
        {
            _ = api.Services;
            using (var job = JobTraces.Job("batch"))
            {
                using var upload = JobTraces.Upload();
                traceparent = JobTraces.Traceparent(job);
            }

            Assert.Matches("^00-[0-9a-f]{32}-[0-9a-f]{16}-01$", traceparent);
            await Task.Run(() => Work(traceparent), TestContext.Current.CancellationToken);
        }

        var trace = Raw(traceparent![3..35]);
        Assert.True(collector.Has("/v1/traces", trace, "job", "upload", "queue", "attempt", "decode", "transcribe", "store", "transcription_7", "worker_lost"));

        static void Work(string? traceparent)
        {
            var now = DateTimeOffset.UtcNow;
            JobTraces.Queue(traceparent, now.AddMinutes(-1), now);
            using var attempt = JobTraces.Attempt(traceparent, "transcription_7", 2);
            foreach (var start in new[] { JobTraces.Decode, () => JobTraces.Transcribe("alpha"), JobTraces.Store })
            {
                using var span = start();
                Assert.Equal(traceparent![3..35], span!.TraceId.ToHexString());
                Assert.Equal(attempt!.SpanId, span.ParentSpanId);
            }

            Assert.Equal(traceparent![36..52], attempt!.ParentSpanId.ToHexString());
            attempt.Fail("worker_lost");
        }
    }

    static string Raw(string hex) => Encoding.Latin1.GetString(Convert.FromHexString(hex));
}
