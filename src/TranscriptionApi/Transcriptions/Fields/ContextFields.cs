using SpeechEngine;
using TranscriptionApi.Errors;
using TranscriptionApi.Uploads;

namespace TranscriptionApi.Transcriptions.Fields;

/// <summary>What the model is shown beside the audio: text before it, words to expect.</summary>
static class ContextFields
{
    /// <summary>Far more than fit before a window; the engine takes what fits.</summary>
    public const int MostKeywords = 100;

    /// <summary>Longest keyword in UTF-16 units.</summary>
    public const int LongestKeyword = 200;

    static readonly FieldGroup<TranscribeOptions> Group = new FieldGroup<TranscribeOptions>()
        .Text("prompt", (options, value) => options with { Prompt = value })
        .Flag("condition_on_previous_text", (options, value) => options with { ConditionOnPreviousText = value });

    public static IEnumerable<FormField> Fields => [.. Group.Fields, new FormField("keywords", "array"), new FormField("hotwords", "string")];

    public static TranscribeOptions Read(FieldValues form, TranscribeOptions options)
    {
        options = Group.Read(form, options);
        var keywords = Keywords(form.All("keywords"), "keywords[]");
        var hotwords = Keywords((form.Single("hotwords") ?? "").Split([',', '\n', '\r']), "hotwords");
        var all = keywords.Concat(hotwords).Distinct(StringComparer.Ordinal).ToList();
        return all.Count switch
        {
            0 => options,
            > MostKeywords => throw ApiErrors.TooManyValues(keywords.Count > 0 ? "keywords[]" : "hotwords", MostKeywords),
            _ => options with { Keywords = all },
        };
    }

    static List<string> Keywords(IEnumerable<string> values, string field)
    {
        var keywords = values.Select(value => value.Trim()).Where(value => value.Length > 0).ToList();
        return keywords.Exists(keyword => keyword.Length > LongestKeyword) ? throw ApiErrors.ValueTooLong(field, LongestKeyword) : keywords;
    }
}
