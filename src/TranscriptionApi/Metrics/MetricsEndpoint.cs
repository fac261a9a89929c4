using System.Diagnostics.Metrics;
using OpenTelemetry.Metrics;
using TranscriptionApi.Metrics.Prometheus;

namespace TranscriptionApi.Metrics;

/// <summary>GET /metrics: what Prometheus scrapes. Behind the API keys like the rest: it tells what the server is used for.</summary>
static class MetricsEndpoint
{
    // More than methods, routes and statuses together make; what comes after is added up as one series, so a flood of tag values stays small.
    const int MaxSeries = 500;

    static readonly string[] Meters =
        [JobMetrics.MeterName, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime"];

    public static void AddMetrics(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<JobMetrics>();
        builder.Services.AddSingleton<QueueFiguresReader>();
        builder.Services.AddSingleton(services =>
            new Exposition(services.GetRequiredService<IMeterFactory>(), Meters, services.GetRequiredService<ILogger<Exposition>>()));
        builder.Services.AddHostedService<OtlpExport>();
    }

    public static void MapMetrics(this WebApplication app)
    {
        // Made now: it counts from the moment it is there.
        var exposition = app.Services.GetRequiredService<Exposition>();
        app.Services.GetRequiredService<JobMetrics>();
        app.MapGet("/metrics", () => Results.Text(exposition.Scrape(), TextFormat.ContentType));
    }

    /// <summary>Listens to the server's meters.</summary>
    public static MeterProviderBuilder AddServerMeters(this MeterProviderBuilder builder, IMeterFactory meters) => builder.AddMeters(meters, Meters);

    /// <summary>Listens to meters by name, those of another host in the same process left out.</summary>
    public static MeterProviderBuilder AddMeters(this MeterProviderBuilder builder, IMeterFactory meters, IEnumerable<string> names) => builder
        .AddMeter([.. names])
        .AddView(instrument => instrument.Meter.Scope is null || instrument.Meter.Scope == meters ? View(instrument) : MetricStreamConfiguration.Drop);

    // Without advice the SDK's buckets begin at 5 whatever the unit is; seconds of a server need finer ones.
    static MetricStreamConfiguration View(Instrument instrument) => instrument is Histogram<double> { Unit: "s", Advice: null }
        ? new ExplicitBucketHistogramConfiguration
        {
            Boundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
            CardinalityLimit = MaxSeries,
        }
        : new MetricStreamConfiguration { CardinalityLimit = MaxSeries };
}
