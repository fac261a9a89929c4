using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Globalization;

namespace TranscriptionApi.Metrics;

/// <summary>
/// Brings what the OTLP exporter complains about into the log, where somebody may read it: by itself it is silent when its collector is away.
/// One line for each kind of complaint in ten minutes.
/// </summary>
sealed partial class OtlpFaults(ILogger logger) : EventListener
{
    const string Exporter = "OpenTelemetry-Exporter-OpenTelemetryProtocol";

    static readonly long Pause = (long)TimeSpan.FromMinutes(10).TotalMilliseconds;

    readonly ConcurrentDictionary<int, long> _told = new();

    // Called by the base constructor for what exists already, later for each new one.
    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == Exporter)
        {
            EnableEvents(eventSource, EventLevel.Warning);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        // Null while the base constructor runs.
        if (_told is null || logger is null)
        {
            return;
        }

        var now = Environment.TickCount64;
        var last = _told.GetOrAdd(eventData.EventId, now - Pause);
        if (now - last >= Pause && _told.TryUpdate(eventData.EventId, now, last))
        {
            LogFault(string.Format(CultureInfo.InvariantCulture, eventData.Message ?? eventData.EventName ?? "", [.. (eventData.Payload ?? []).Select(FirstLine)]));
        }
    }

    // Exceptions come as text with their stack traces.
    static object? FirstLine(object? value) => value is string text ? text.Split('\n')[0].TrimEnd() : value;

    [LoggerMessage(LogLevel.Warning, "OTLP export: {Fault}")]
    partial void LogFault(string fault);
}
