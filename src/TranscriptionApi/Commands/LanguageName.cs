using SpeechEngine.Decoding;

namespace TranscriptionApi.Commands;

/// <summary>Languages as people type them: a code or an English name, in any case.</summary>
static class LanguageName
{
    /// <summary>The code of a language, or what is wrong with it.</summary>
    public static (string? Code, string? Problem) Read(string text)
    {
        var index = text.ToUpperInvariant() switch
        {
            "JV" => Languages.IndexOf("jw"),
            "NB" => Languages.IndexOf("no"),
            _ => Languages.IndexOf(text),
        };
        var code = index >= 0 ? Languages.CodeAt(index) : Codes.FirstOrDefault(code => Languages.NameOf(code).Equals(text, StringComparison.OrdinalIgnoreCase));
        return code is null
            ? (null, $"'{text}' is no language of Whisper; give a code or an English name, such as 'de' or 'german'.")
            : (code, null);
    }

    static IEnumerable<string> Codes => Enumerable.Range(0, Languages.Count).Select(Languages.CodeAt);
}
