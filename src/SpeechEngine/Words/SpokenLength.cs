using System.Globalization;
using System.Text;

namespace SpeechEngine.Words;

/// <summary>
/// How long a text takes to say, in letters: at a given pace the letters of a word tell its duration to within a fifth or so,
/// whatever the language.
/// </summary>
static class SpokenLength
{
    // A number is written shorter than it is said ("seven"), and so is a sign that stands for a syllable or a word.
    const float Digit = 4f;
    const float Syllable = 3f;

    // Half of a character whose bytes are spread over two tokens.
    const float Part = 1.5f;

    // Speech slows down before a pause, most at the end of a sentence; the written sign stands for that.
    const float SentenceEnd = 2.5f;
    const float ShortPause = 1.25f;

    /// <summary>Signs that end a sentence.</summary>
    public const string SentenceEnds = ".?!。？！…";

    const string ShortPauses = ",;:，、；：";

    /// <summary>Length of a text, 0 when nothing of it is spoken.</summary>
    public static float Of(ReadOnlySpan<char> text)
    {
        var length = 0f;
        foreach (var rune in text.EnumerateRunes())
        {
            length += Of(rune);
        }

        return length;
    }

    static float Of(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter => 1f,
        UnicodeCategory.OtherLetter or UnicodeCategory.ModifierLetter => IsSyllable(rune.Value) ? Syllable : 1f,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.OtherNumber or UnicodeCategory.LetterNumber => Digit,
        UnicodeCategory.OtherPunctuation when SentenceEnds.Contains((char)rune.Value) => SentenceEnd,
        UnicodeCategory.OtherPunctuation when ShortPauses.Contains((char)rune.Value) => ShortPause,
        _ => rune == Rune.ReplacementChar ? Part : 0f,
    };

    /// <summary>Kana, ideographs and Hangul.</summary>
    static bool IsSyllable(int character) => character is (>= 0x3040 and <= 0x9FFF) or (>= 0xAC00 and <= 0xD7AF) or (>= 0xF900 and <= 0xFAFF) or >= 0x20000;
}
