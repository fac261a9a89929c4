using TranscriptionApi.Errors;
using TranscriptionApi.Transcriptions.Formats;
using TranscriptionApi.Transcriptions.Subtitles;
using TranscriptionApi.Uploads;

namespace TranscriptionApi.Transcriptions.Fields;

/// <summary>What the answer shows of the transcript: segments, words, and how subtitles are cut.</summary>
static class LayoutFields
{
    public const string FormatField = "response_format";

    const string Granularities = "timestamp_granularities";

    static readonly FieldGroup<Layout> Words = new FieldGroup<Layout>()
        .Flag("word_timestamps", (layout, value) => layout with { HasWords = layout.HasWords || value });

    static readonly FieldGroup<SubtitleShape> Shape = new FieldGroup<SubtitleShape>()
        .Whole("max_line_width", 8, 200, (shape, value) => shape with { MaxLineWidth = value })
        .Whole("max_line_count", 1, 10, (shape, value) => shape with { MaxLineCount = value })
        .Number("max_chars_per_second", 1, 100, (shape, value) => shape with { MaxCharactersPerSecond = value });

    /// <summary>The field that OpenAI's translations lack.</summary>
    public static IEnumerable<FormField> TranscriptionOnly => [new FormField(Granularities, "array")];

    public static IEnumerable<FormField> Fields => [.. Words.Fields, .. Shape.Fields];

    /// <summary>The first field that was given; null when none was.</summary>
    public static string? FirstGiven(FieldValues form) =>
        form.All(Granularities).Count > 0 ? Granularities + "[]" : Words.Names.Concat(Shape.Names).FirstOrDefault(name => form.All(name).Count > 0);

    /// <param name="form">What was given.</param>
    /// <param name="format">The format it is for.</param>
    /// <param name="formatField">Where the format was given.</param>
    /// <exception cref="ApiException">A field says nothing in this format, or nothing at all.</exception>
    public static Layout Read(FieldValues form, TranscriptFormat format, string formatField = FormatField)
    {
        var layout = Words.Read(form, Granular(form.All(Granularities), format, formatField));
        if (layout.HasWords && format != TranscriptFormats.VerboseJson)
        {
            throw ApiErrors.NeedsFormat("word_timestamps", formatField, TranscriptFormats.VerboseJson.Name);
        }

        var shape = Shape.Read(form, new SubtitleShape());
        if (!Shape.IsAnyGiven(form))
        {
            return layout;
        }

        return format.IsSubtitles
            ? layout with { Subtitles = shape }
            : throw ApiErrors.NeedsFormat(Shape.Names.First(name => form.All(name).Count > 0), formatField, [.. TranscriptFormats.Subtitles]);
    }

    static Layout Granular(IReadOnlyList<string> values, TranscriptFormat format, string formatField)
    {
        var wanted = values.Select(value => value.Trim()).ToHashSet();
        if (wanted.FirstOrDefault(value => value is not ("segment" or "word")) is { } unknown)
        {
            throw ApiErrors.UnknownGranularity(unknown);
        }

        if (wanted.Count > 0 && format != TranscriptFormats.VerboseJson)
        {
            throw ApiErrors.NeedsFormat(Granularities + "[]", formatField, TranscriptFormats.VerboseJson.Name);
        }

        return new Layout { HasSegments = wanted.Count == 0 || wanted.Contains("segment"), HasWords = wanted.Contains("word") };
    }
}
