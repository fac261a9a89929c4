using System.Collections.Frozen;
using System.Text;
using OpenTelemetry.Metrics;

namespace TranscriptionApi.Metrics.Prometheus;

/// <summary>Names of instruments and tags in Prometheus' alphabet, by OpenTelemetry's rules of conversion.</summary>
static class MetricName
{
    static readonly FrozenDictionary<string, string> Units = Words(
        ("d", "days"), ("h", "hours"), ("min", "minutes"), ("s", "seconds"), ("ms", "milliseconds"), ("us", "microseconds"), ("ns", "nanoseconds"),
        ("By", "bytes"), ("KiBy", "kibibytes"), ("MiBy", "mebibytes"), ("GiBy", "gibibytes"), ("TiBy", "tebibytes"),
        ("KBy", "kilobytes"), ("MBy", "megabytes"), ("GBy", "gigabytes"), ("TBy", "terabytes"),
        ("m", "meters"), ("V", "volts"), ("A", "amperes"), ("J", "joules"), ("W", "watts"), ("g", "grams"),
        ("Cel", "celsius"), ("Hz", "hertz"), ("%", "percent"));

    static readonly FrozenDictionary<string, string> Periods = Words(
        ("s", "second"), ("min", "minute"), ("h", "hour"), ("d", "day"), ("wk", "week"), ("mo", "month"), ("a", "year"));

    /// <summary>The name of a metric's family: dots become underscores, the unit is spelt out behind it, and a counter ends in <c>_total</c>.</summary>
    public static string Of(string instrument, string unit, MetricType type)
    {
        const string Total = "_total";
        var name = Clean(instrument, allowColon: true);
        var isCounter = type is MetricType.LongSum or MetricType.DoubleSum;
        if (isCounter && name.EndsWith(Total, StringComparison.Ordinal))
        {
            name = name[..^Total.Length];
        }

        var suffix = unit == "1" ? (type.IsGauge() ? "ratio" : "") : UnitSuffix(unit);
        if (suffix.Length > 0 && !$"_{name}".EndsWith($"_{suffix}", StringComparison.Ordinal))
        {
            name = $"{name}_{suffix}";
        }

        return isCounter ? name + Total : name;
    }

    public static string OfLabel(string tag) => Clean(tag, allowColon: false);

    static string UnitSuffix(string unit)
    {
        var parts = WithoutAnnotations(unit).Split('/', 2);
        var amount = Units.GetValueOrDefault(parts[0], parts[0]);
        var words = parts is [_, { Length: > 0 } period] ? $"{amount}_per_{Periods.GetValueOrDefault(period, period)}" : amount;
        return Clean(words, allowColon: true).Trim('_');
    }

    // "{job}" only says what is counted.
    static string WithoutAnnotations(string unit)
    {
        var plain = new StringBuilder();
        var depth = 0;
        foreach (var letter in unit)
        {
            depth += letter == '{' ? 1 : 0;
            if (depth == 0)
            {
                plain.Append(letter);
            }

            depth -= letter == '}' && depth > 0 ? 1 : 0;
        }

        return plain.ToString();
    }

    // Runs of anything else become one underscore; a digit may not come first.
    static string Clean(string name, bool allowColon)
    {
        var clean = new StringBuilder();
        foreach (var letter in name)
        {
            if (char.IsAsciiLetterOrDigit(letter) || (letter == ':' && allowColon))
            {
                if (clean.Length == 0 && char.IsAsciiDigit(letter))
                {
                    clean.Append('_');
                }

                clean.Append(letter);
            }
            else if (clean.Length == 0 || clean[^1] != '_')
            {
                clean.Append('_');
            }
        }

        return clean.ToString();
    }

    static FrozenDictionary<string, string> Words(params (string Unit, string Word)[] words) =>
        words.ToFrozenDictionary(word => word.Unit, word => word.Word, StringComparer.Ordinal);
}
