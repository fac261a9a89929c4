using System.Text.RegularExpressions;

namespace SpeechEngine.Decoding;

/// <summary>Cuts text where no token may cross: GPT-2's rule of contractions, words, numbers, other signs and spaces.</summary>
static partial class WordSplitter
{
    /// <summary>The pieces in order; together they are the text.</summary>
    public static IEnumerable<string> Split(string text) => Pieces().Matches(text).Select(match => match.Value);

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Pieces();
}
