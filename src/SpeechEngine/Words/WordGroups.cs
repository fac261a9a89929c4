using System.Text;
using SpeechEngine.Decoding;

namespace SpeechEngine.Words;

/// <summary>Tokens that make a word.</summary>
/// <param name="First">Index of its first token among the segment's text tokens.</param>
/// <param name="Tokens">Number of its tokens.</param>
/// <param name="Text">Its text as it stands in the segment's.</param>
readonly record struct WordGroup(int First, int Tokens, string Text);

/// <summary>
/// Cuts a segment's tokens into words: at spaces, or after every token in languages that write none. A character whose bytes are
/// spread over tokens stays whole, and punctuation goes with the word it belongs to.
/// </summary>
static class WordGroups
{
    // The signs that openai/whisper moves to the word after them or before them.
    const string Opening = "\"'“¿([{-";
    const string Closing = "\"'.。,，!！?？:：”)]}、";

    static readonly HashSet<string> WithoutSpaces = ["zh", "ja", "th", "lo", "my", "yue"];

    /// <summary>Cuts one segment; the words joined are <paramref name="text"/>.</summary>
    /// <param name="tokens">The segment's text tokens.</param>
    /// <param name="text">The segment's text.</param>
    /// <param name="utf8">Decoder that has seen the window's tokens before these.</param>
    /// <param name="isLast">No text follows in the window.</param>
    public static List<WordGroup> Cut(Vocabulary vocabulary, ReadOnlySpan<int> tokens, string text, string language, Decoder utf8, bool isLast)
    {
        var words = new List<WordGroup>();
        var at = 0;
        foreach (var piece in WholeCharacters(vocabulary, tokens, utf8, isLast))
        {
            // The last one takes what is left, whatever way the text was put together.
            var length = piece.First + piece.Tokens == tokens.Length ? text.Length - at : Math.Min(piece.Text.Length, text.Length - at);
            var part = text.Substring(at, length);
            at += length;
            if (words.Count > 0 && !WithoutSpaces.Contains(language) && !part.StartsWith(' '))
            {
                words[^1] = Join(words[^1], new WordGroup(piece.First, piece.Tokens, part));
            }
            else
            {
                words.Add(new WordGroup(piece.First, piece.Tokens, part));
            }
        }

        MoveOpening(words);
        MoveClosing(words);
        return words;
    }

    /// <summary>The shortest runs of tokens that are whole characters.</summary>
    static List<WordGroup> WholeCharacters(Vocabulary vocabulary, ReadOnlySpan<int> tokens, Decoder utf8, bool isLast)
    {
        var pieces = new List<WordGroup>();
        var first = 0;
        for (var i = 0; i < tokens.Length; i++)
        {
            var text = vocabulary.TextOf(tokens.Slice(i, 1), utf8, isLast && i == tokens.Length - 1);
            if (text.Length > 0)
            {
                pieces.Add(new WordGroup(first, i + 1 - first, text));
                first = i + 1;
            }
        }

        if (first < tokens.Length)
        {
            var rest = new WordGroup(first, tokens.Length - first, "");
            if (pieces.Count > 0)
            {
                pieces[^1] = Join(pieces[^1], rest);
            }
            else
            {
                pieces.Add(rest);
            }
        }

        return pieces;
    }

    /// <summary>An opening sign that stands alone goes to the next word.</summary>
    static void MoveOpening(List<WordGroup> words)
    {
        for (var i = words.Count - 2; i >= 0; i--)
        {
            if (IsMadeOf(words[i].Text, Opening) && (words[i].Text.StartsWith(' ') || !IsMadeOf(words[i].Text, Closing)))
            {
                words[i] = Join(words[i], words[i + 1]);
                words.RemoveAt(i + 1);
            }
        }
    }

    /// <summary>A closing sign that stands alone, as before every ? in French, goes to the word before.</summary>
    static void MoveClosing(List<WordGroup> words)
    {
        for (var i = words.Count - 1; i > 0; i--)
        {
            if (IsMadeOf(words[i].Text, Closing))
            {
                words[i - 1] = Join(words[i - 1], words[i]);
                words.RemoveAt(i);
            }
        }
    }

    static bool IsMadeOf(string text, string signs)
    {
        var trimmed = text.AsSpan().Trim();
        return trimmed.Length > 0 && !trimmed.ContainsAnyExcept(signs);
    }

    static WordGroup Join(WordGroup left, WordGroup right) => new(left.First, left.Tokens + right.Tokens, left.Text + right.Text);
}
