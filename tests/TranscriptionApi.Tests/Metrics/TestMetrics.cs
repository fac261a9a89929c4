using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using TranscriptionApi.Metrics;
using TranscriptionApi.Metrics.Prometheus;

namespace TranscriptionApi.Tests.Metrics;

/// <summary>A job's numbers without a server, for parts that are tested alone.</summary>
sealed class TestMetrics : IDisposable
{
    /// <summary>For stores whose numbers no test looks at.</summary>
    public static JobMetrics Unheard { get; } = new TestMetrics().Jobs;

    readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    readonly QueueFiguresReader _figures = new(_ => Task.FromResult<IReadOnlyList<LaneFigures>>([]), TimeProvider.System, NullLogger<QueueFiguresReader>.Instance);
    readonly Exposition _exposition;

    public TestMetrics()
    {
        var meters = _services.GetRequiredService<IMeterFactory>();
        _exposition = new Exposition(meters, [JobMetrics.MeterName], NullLogger<Exposition>.Instance);
        Jobs = new JobMetrics(meters, _figures);
    }

    public JobMetrics Jobs { get; }

    /// <summary>Everything measured so far, as lines of Prometheus' text format.</summary>
    public string[] Scrape() => _exposition.Scrape().Split('\n');

    public void Dispose()
    {
        _exposition.Dispose();
        Jobs.Dispose();
        _figures.Dispose();
        _services.Dispose();
    }
}
