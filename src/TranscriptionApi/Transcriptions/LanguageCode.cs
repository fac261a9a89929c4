using System.Collections.Frozen;
using SpeechEngine.Decoding;

namespace TranscriptionApi.Transcriptions;

/// <summary>Language codes as clients and people write them.</summary>
static class LanguageCode
{
    // Codes that other tools use for languages of the model.
    static readonly FrozenDictionary<string, string> Aliases =
        new Dictionary<string, string> { ["jv"] = "jw", ["nb"] = "no" }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>The model's code of a language, in any case or under another tool's name; null when it is unknown.</summary>
    public static string? Find(string code) =>
        Languages.IndexOf(Aliases.GetValueOrDefault(code, code)) is >= 0 and var index ? Languages.CodeAt(index) : null;
}
