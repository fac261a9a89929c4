using SpeechEngine.Decoding;
using TranscriptionApi.Transcriptions;

namespace TranscriptionApi.Commands;

/// <summary>Languages as people type them: a code or an English name, in any case.</summary>
static class LanguageName
{
    /// <summary>The code of a language, or what is wrong with it.</summary>
    public static (string? Code, string? Problem) Read(string text)
    {
        var code = LanguageCode.Find(text) ?? Codes.FirstOrDefault(code => Languages.NameOf(code).Equals(text, StringComparison.OrdinalIgnoreCase));
        return code is null
            ? (null, $"'{text}' is no language of Whisper; give a code or an English name, such as 'de' or 'german'.")
            : (code, null);
    }

    static IEnumerable<string> Codes => Enumerable.Range(0, Languages.Count).Select(Languages.CodeAt);
}
