using System.Diagnostics.Metrics;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace TranscriptionApi.Metrics;

/// <summary>
/// Metrics and traces over OTLP, when OpenTelemetry's own variables ask for it; all of them mean what OpenTelemetry's SDK says.
/// It works on threads of its own: a collector that is away or slow costs measurements, never a request.
/// </summary>
sealed partial class OtlpExport(IConfiguration configuration, IMeterFactory meters, ILogger<OtlpExport> logger) : IHostedService, IDisposable
{
    const string ServiceName = "transcription-api";

    // Half of what a stopping server has for everything.
    static readonly TimeSpan LastExport = TimeSpan.FromSeconds(5);

    OtlpFaults? _faults;
    OpenTelemetrySdk? _sdk;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var metrics = IsAskedFor("METRICS");
        var traces = IsAskedFor("TRACES");
        if (metrics || traces)
        {
            _faults = new OtlpFaults(logger);
            _sdk = OpenTelemetrySdk.Create(sdk => Configure(sdk, metrics, traces));
            LogStarted(metrics, traces);
        }

        return Task.CompletedTask;
    }

    /// <summary>Sends what is left; a collector that does not answer is not waited for longer than five seconds.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        if (_sdk is not { } sdk)
        {
            return Task.CompletedTask;
        }

        var limit = (int)LastExport.TotalMilliseconds;
        return Task.WhenAll(OnOwnThread(() => sdk.MeterProvider.Shutdown(limit)), OnOwnThread(() => sdk.TracerProvider.Shutdown(limit)));
    }

    public void Dispose()
    {
        _sdk?.Dispose();
        _faults?.Dispose();
    }

    static Task<bool> OnOwnThread(Func<bool> shutdown) =>
        Task.Factory.StartNew(shutdown, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    void Configure(IOpenTelemetryBuilder sdk, bool metrics, bool traces)
    {
        // The server's configuration holds the environment's variables, too.
        sdk.Services.Replace(ServiceDescriptor.Singleton(configuration));
        sdk.ConfigureResource(resource => resource
            .AddService(ServiceName, serviceVersion: typeof(OtlpExport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion)
            .AddEnvironmentVariableDetector());
        if (metrics)
        {
            sdk.WithMetrics(builder => builder.AddServerMeters(meters));
        }

        if (traces)
        {
            sdk.WithTracing(builder => builder.AddSource(JobTraces.SourceName, "Microsoft.AspNetCore"));
        }

        sdk.UseOtlpExporter();
    }

    bool IsAskedFor(string signal)
    {
        if (string.Equals(configuration["OTEL_SDK_DISABLED"], "true", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        var exporter = configuration[$"OTEL_{signal}_EXPORTER"];
        if (!string.IsNullOrWhiteSpace(exporter))
        {
            return exporter.Split(',', StringSplitOptions.TrimEntries).Contains("otlp", StringComparer.OrdinalIgnoreCase) && !IsMisspelt(signal);
        }

        return Endpoint(signal).Value is not null && !IsMisspelt(signal);
    }

    // The SDK would send to this machine instead.
    bool IsMisspelt(string signal)
    {
        var (name, value) = Endpoint(signal);
        if (value is null || (Uri.TryCreate(value, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"))
        {
            return false;
        }

        LogMisspelt(name);
        return true;
    }

    (string Name, string? Value) Endpoint(string signal)
    {
        foreach (var name in new[] { $"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT" })
        {
            if (configuration[name] is { } value && !string.IsNullOrWhiteSpace(value))
            {
                return (name, value);
            }
        }

        return ("", null);
    }

    [LoggerMessage(LogLevel.Information, "Exporting over OTLP: metrics {Metrics}, traces {Traces}.")]
    partial void LogStarted(bool metrics, bool traces);

    [LoggerMessage(LogLevel.Warning, "{Name} is no http or https address: nothing is exported.")]
    partial void LogMisspelt(string name);
}
