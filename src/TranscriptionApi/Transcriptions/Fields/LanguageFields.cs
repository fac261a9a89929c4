using SpeechEngine;
using TranscriptionApi.Errors;
using TranscriptionApi.Uploads;

namespace TranscriptionApi.Transcriptions.Fields;

/// <summary>Which language is spoken, or which ones it may be.</summary>
static class LanguageFields
{
    static readonly FieldGroup<TranscribeOptions> Windows = new FieldGroup<TranscribeOptions>()
        .Flag("multilingual", (options, value) => options with { LanguagePerWindow = value });

    /// <summary>Fields that OpenAI's translations lack: there the language is always detected.</summary>
    public static IEnumerable<FormField> TranscriptionOnly => [new FormField("language", "string"), new FormField("languages", "array")];

    public static IEnumerable<FormField> Fields => Windows.Fields;

    public static TranscribeOptions Read(FieldValues form, TranscribeOptions options)
    {
        var language = form.Single("language") is { } text ? Code(text, "language") : null;
        var candidates = form.All("languages").Select(text => Code(text, "languages[]")).Distinct().ToList();
        options = Windows.Read(form, options);
        if (language is not null && candidates.Count > 0 && !candidates.Contains(language))
        {
            throw ApiErrors.LanguageNotAmongCandidates(language);
        }

        if (language is not null && options.LanguagePerWindow)
        {
            throw ApiErrors.LanguageIsGiven("multilingual");
        }

        // A language that is known leaves nothing to choose from.
        return language is null && candidates.Count > 0
            ? options with { CandidateLanguages = candidates }
            : options with { Language = language };
    }

    static string Code(string text, string field)
    {
        var code = text.Trim();
        return LanguageCode.Find(code) ?? throw ApiErrors.InvalidLanguage(code, field);
    }
}
