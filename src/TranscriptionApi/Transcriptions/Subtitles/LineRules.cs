using System.Globalization;
using System.Text;

namespace TranscriptionApi.Transcriptions.Subtitles;

/// <summary>How wide a character is, and where a line may end; characters are text elements, as people see them.</summary>
static class LineRules
{
    // East Asian Width W and F of Unicode's annex 11, and the emoji that are shown as wide.
    static readonly (int First, int Last)[] Wide =
    [
        (0x1100, 0x115F), (0x2E80, 0x303E), (0x3041, 0xA4CF), (0xA960, 0xA97C), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE30, 0xFE6F),
        (0xFF00, 0xFF60), (0xFFE0, 0xFFE6), (0x1F300, 0x1F64F), (0x1F900, 0x1F9FF), (0x20000, 0x3FFFD),
    ];

    // Written without spaces: Thai, Lao, Myanmar, Khmer, and what is wide except Hangul.
    static readonly (int First, int Last)[] Unspaced =
    [
        (0x0E01, 0x0EDF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x2E80, 0x312F), (0x3190, 0xA4CF), (0xF900, 0xFAFF), (0xFE30, 0xFE6F),
        (0xFF00, 0xFFEF), (0x20000, 0x3FFFD),
    ];

    // Japanese lines do not begin with small kana, and Thai and Lao ones do not end with a vowel that is written before its consonant.
    const string SmallKana = "ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ";
    const string LeadingVowels = "เแโใไເແໂໃໄ";

    const string SentenceEnds = ".!?…。．！？؟।۔";
    const string ClauseEnds = ",;:、，；：،؛–—";
    const string Closers = "\"'”’»›)]}」』）］｝】》〉";

    /// <summary>2 for the characters of Chinese, Japanese and Korean, otherwise 1.</summary>
    public static int Width(string element) => IsIn(Wide, First(element)) ? 2 : 1;

    /// <summary>A line may end between two characters that no space separates.</summary>
    public static bool MayCut(string before, string after) =>
        (IsIn(Unspaced, Last(before)) || IsIn(Unspaced, First(after))) && !MustFollow(First(after)) && !MustPrecede(Last(before));

    /// <summary>Where <see cref="MayCut"/>: a word seems to begin, because brackets open or close there or Japanese goes from endings (kana) to a stem.</summary>
    public static bool IsWordStart(string before, string after) =>
        MustFollow(Last(before)) || MustPrecede(First(after)) || (IsHiragana(Last(before)) && !IsHiragana(First(after)));

    /// <summary>How well a cue or a line ends after a text: 2 a sentence is over, 1 a clause is, 0 neither.</summary>
    public static int Rest(string text)
    {
        var bare = text.AsSpan().TrimEnd(Closers);
        return bare.IsEmpty ? 0 : SentenceEnds.Contains(bare[^1]) ? 2 : ClauseEnds.Contains(bare[^1]) ? 1 : 0;
    }

    static bool MustFollow(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.ClosePunctuation or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation
            or UnicodeCategory.ModifierLetter or UnicodeCategory.DashPunctuation
        || (rune.IsBmp && SmallKana.Contains((char)rune.Value));

    static bool MustPrecede(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.OpenPunctuation or UnicodeCategory.InitialQuotePunctuation
        || (rune.IsBmp && LeadingVowels.Contains((char)rune.Value));

    static bool IsHiragana(Rune rune) => rune.Value is >= 0x3041 and <= 0x309F;

    static Rune First(string element) => element.EnumerateRunes().First();

    static Rune Last(string element) => element.EnumerateRunes().Last();

    static bool IsIn((int First, int Last)[] ranges, Rune rune) => Array.Exists(ranges, range => range.First <= rune.Value && rune.Value <= range.Last);
}
