using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace TranscriptionApi.Metrics.Prometheus;

/// <summary>
/// What the instruments measured since the start, for whoever asks. OpenTelemetry's SDK adds up; this writes it down.
/// Apart from the export over OTLP: neither can hold up or switch off the other.
/// </summary>
sealed partial class Exposition : IDisposable
{
    readonly Lock _scrape = new();
    readonly Exporter _exporter;
    readonly MeterProvider _provider;

    /// <param name="meters">Whose instruments are listened to, beside those that belong to no host.</param>
    /// <param name="names">Names of the meters.</param>
    public Exposition(IMeterFactory meters, IEnumerable<string> names, ILogger<Exposition> logger)
    {
        _exporter = new Exporter(logger);
        _provider = Sdk.CreateMeterProviderBuilder()
            .ConfigureServices(services => services.Replace(ServiceDescriptor.Singleton<IConfiguration>(new ConfigurationBuilder().Build())))
            .AddMeters(meters, names)
            .AddReader(new BaseExportingMetricReader(_exporter))
            .Build();
    }

    /// <summary>Everything, in the format of <see cref="TextFormat"/>.</summary>
    public string Scrape()
    {
        lock (_scrape)
        {
            if (!_exporter.Collect!(Timeout.Infinite))
            {
                throw new InvalidOperationException("The measurements could not be collected.");
            }

            return _exporter.Text;
        }
    }

    public void Dispose() => _provider.Dispose();

    [ExportModes(ExportModes.Pull)]
    sealed partial class Exporter(ILogger<Exposition> logger) : BaseExporter<Metric>, IPullMetricExporter
    {
        readonly HashSet<string> _refused = new(StringComparer.Ordinal);

        public Func<int, bool>? Collect { get; set; }

        public string Text { get; private set; } = "";

        public override ExportResult Export(in Batch<Metric> batch)
        {
            var text = new TextFormat();
            foreach (var metric in batch)
            {
                if (!text.Add(metric) && _refused.Add(metric.Name))
                {
                    LogRefused(metric.Name);
                }
            }

            Text = text.ToString();
            return ExportResult.Success;
        }

        [LoggerMessage(LogLevel.Warning, "Metric {Name} is not shown: another one of that name has another type.")]
        partial void LogRefused(string name);
    }
}
