using System.Globalization;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace TranscriptionApi.Metrics.Prometheus;

/// <summary>Prometheus' text exposition format, version 0.0.4: families in order of their names, series in order of their labels.</summary>
sealed class TextFormat
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    readonly SortedDictionary<string, Family> _families = new(StringComparer.Ordinal);

    /// <summary>Adds what an instrument measured. False when another instrument already has its name as another type: a family has only one.</summary>
    public bool Add(Metric metric)
    {
        var name = MetricName.Of(metric.Name, metric.Unit, metric.MetricType);
        var type = TypeOf(metric.MetricType);
        if (!_families.TryGetValue(name, out var family))
        {
            family = new Family(type, metric.Description);
            _families.Add(name, family);
        }

        if (family.Type != type)
        {
            return false;
        }

        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            var labels = Labels(point.Tags);
            family.Series.TryAdd(labels, type == "histogram" ? Histogram(name, labels, point) : $"{name}{Braces(labels)} {Number(Value(metric.MetricType, point))}\n");
        }

        return true;
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var (name, family) in _families)
        {
            if (family.Series.Count == 0)
            {
                continue;
            }

            if (family.Help.Length > 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {Escape(family.Help)}\n");
            }

            text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} {family.Type}\n").AppendJoin("", family.Series.Values);
        }

        return text.ToString();
    }

    static string TypeOf(MetricType type) => type switch
    {
        MetricType.Histogram => "histogram",
        MetricType.LongSum or MetricType.DoubleSum => "counter",
        MetricType.LongGauge or MetricType.DoubleGauge or MetricType.LongSumNonMonotonic or MetricType.DoubleSumNonMonotonic => "gauge",
        _ => throw new NotSupportedException($"The text format has no {type}."),
    };

    static double Value(MetricType type, in MetricPoint point) => type switch
    {
        MetricType.LongGauge => point.GetGaugeLastValueLong(),
        MetricType.DoubleGauge => point.GetGaugeLastValueDouble(),
        MetricType.LongSum or MetricType.LongSumNonMonotonic => point.GetSumLong(),
        _ => point.GetSumDouble(),
    };

    static string Histogram(string name, string labels, in MetricPoint point)
    {
        var text = new StringBuilder();
        var count = 0L;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            count += bucket.BucketCount;
            var bound = $"le=\"{Number(bucket.ExplicitBound)}\"";
            text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{Braces(labels.Length == 0 ? bound : $"{labels},{bound}")} {count}\n");
        }

        return text
            .Append(CultureInfo.InvariantCulture, $"{name}_sum{Braces(labels)} {Number(point.GetHistogramSum())}\n")
            .Append(CultureInfo.InvariantCulture, $"{name}_count{Braces(labels)} {count}\n")
            .ToString();
    }

    static string Braces(string labels) => labels.Length == 0 ? "" : $"{{{labels}}}";

    // Tags whose names differ only in what Prometheus does not allow share one label, as OpenTelemetry has it.
    static string Labels(in ReadOnlyTagCollection tags)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (tag, value) in tags)
        {
            var name = MetricName.OfLabel(tag);
            var text = value is bool yes ? (yes ? "true" : "false") : Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
            labels[name] = labels.TryGetValue(name, out var other) ? $"{other};{text}" : text;
        }

        return string.Join(',', labels.Select(label => $"{label.Key}=\"{Escape(label.Value).Replace("\"", "\\\"", StringComparison.Ordinal)}\""));
    }

    static string Escape(string text) => text.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    sealed record Family(string Type, string Help)
    {
        public SortedDictionary<string, string> Series { get; } = new(StringComparer.Ordinal);
    }
}
