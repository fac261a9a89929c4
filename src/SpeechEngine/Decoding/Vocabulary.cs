using System.Runtime.InteropServices;
using System.Text;

namespace SpeechEngine.Decoding;

/// <summary>
/// Tokens of one model: their bytes, and the ids of the special ones, which follow from the vocabulary's size alone
/// (51,864 English only; 51,865 with 99 languages; 51,866 with 100).
/// </summary>
sealed class Vocabulary
{
    const int EnglishOnlySize = 51864;

    readonly byte[][] _tokens;
    readonly Dictionary<string, int> _ids = [];
    readonly int _longest;
    readonly Lazy<int[]> _nonSpeech;
    readonly bool _mergesPairs;

    /// <summary>Builds the vocabulary.</summary>
    /// <param name="tokens">Bytes per token as the file has them; special tokens are known by id and may be missing.</param>
    /// <param name="size">Tokens of the network, special ones included.</param>
    public Vocabulary(byte[][] tokens, int size)
    {
        _tokens = tokens;
        Size = size;
        IsMultilingual = size > EnglishOnlySize;
        LanguageCount = IsMultilingual ? size - 51766 : 0;

        var first = IsMultilingual ? 50257 : 50256;
        EndOfText = first;
        StartOfTranscript = first + 1;
        var afterLanguages = StartOfTranscript + 1 + (IsMultilingual ? LanguageCount : 99);
        Translate = afterLanguages;
        Transcribe = afterLanguages + 1;
        Previous = afterLanguages + 3;
        NoSpeech = afterLanguages + 4;
        NoTimestamps = afterLanguages + 5;
        FirstTimestamp = afterLanguages + 6;

        for (var id = 0; id < Math.Min(tokens.Length, EndOfText); id++)
        {
            if (tokens[id].Length > 0)
            {
                _ids[Encoding.Latin1.GetString(tokens[id])] = id;
                _longest = Math.Max(_longest, tokens[id].Length);
            }
        }

        _mergesPairs = BytePairs.AreIn(tokens);
        Space = _ids.GetValueOrDefault(" ", -1);
        _nonSpeech = new Lazy<int[]>(FindNonSpeech);
    }

    public int Size { get; }

    public bool IsMultilingual { get; }

    /// <summary>Languages the model knows, the first ones of <see cref="Languages"/>; 0 for English-only models.</summary>
    public int LanguageCount { get; }

    /// <summary>Ids from here on are not text.</summary>
    public int EndOfText { get; }

    public int StartOfTranscript { get; }

    public int Translate { get; }

    public int Transcribe { get; }

    /// <summary>Opens the text that went before.</summary>
    public int Previous { get; }

    public int NoSpeech { get; }

    public int NoTimestamps { get; }

    /// <summary>Timestamp 0.00; the following ids count in steps of 20 ms.</summary>
    public int FirstTimestamp { get; }

    /// <summary>The token of a single space, or -1.</summary>
    public int Space { get; }

    /// <summary>Tokens of signs that are written but not spoken, with and without a space before them: the list of openai/whisper.</summary>
    public IReadOnlyList<int> NonSpeech => _nonSpeech.Value;

    /// <summary>Frames of 10 ms after the window's start that a timestamp token stands for.</summary>
    public int FrameOf(int timestampToken) => 2 * (timestampToken - FirstTimestamp);

    /// <summary>Token of the language at <paramref name="index"/> of <see cref="Languages"/>.</summary>
    public int LanguageToken(int index) => StartOfTranscript + 1 + index;

    /// <summary>Bytes of a token; special tokens have none. They need not be whole characters.</summary>
    public ReadOnlySpan<byte> BytesOf(int id) => id < EndOfText && id < _tokens.Length ? _tokens[id] : [];

    /// <summary>Text of tokens; a character may be spread over several of them. Special tokens have none.</summary>
    public string TextOf(ReadOnlySpan<int> ids) => TextOf(ids, Encoding.UTF8.GetDecoder(), isLast: true);

    /// <summary>
    /// Text of tokens that others follow: a character whose bytes are spread over two calls with the same decoder belongs to the
    /// later one, where it becomes whole.
    /// </summary>
    /// <param name="isLast">Nothing follows: bytes that are no whole character become U+FFFD.</param>
    public string TextOf(ReadOnlySpan<int> ids, Decoder utf8, bool isLast)
    {
        var bytes = new List<byte>(ids.Length * 6);
        foreach (var id in ids)
        {
            bytes.AddRange(BytesOf(id));
        }

        var text = new char[Encoding.UTF8.GetMaxCharCount(bytes.Count)];
        return new string(text, 0, utf8.GetChars(CollectionsMarshal.AsSpan(bytes), text, isLast));
    }

    /// <summary>
    /// Tokens of a text: it is cut into words as GPT-2 does, and each word encoded by <see cref="BytePairs"/>. A vocabulary of another
    /// kind has no merge ranks: there each word is cut into the longest tokens that fit, from the left. Bytes without a token are left out.
    /// </summary>
    public List<int> Encode(string text)
    {
        var ids = new List<int>();
        foreach (var word in WordSplitter.Split(text))
        {
            var bytes = KeyOf(word);
            if (_mergesPairs)
            {
                BytePairs.Encode(_ids, bytes, ids);
            }
            else
            {
                TakeLongest(bytes, ids);
            }
        }

        return ids;
    }

    // One character per byte, so that byte strings can be looked up as text.
    static string KeyOf(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    int[] FindNonSpeech()
    {
        // Hyphens and apostrophes are forbidden at the start of a word only, where they open a quotation.
        var found = new SortedSet<int>();
        string[] texts = [.. NonSpeechSigns.All, .. NonSpeechSigns.All.Select(sign => " " + sign), " -", " '"];
        foreach (var text in texts)
        {
            if (_ids.TryGetValue(KeyOf(text), out var id))
            {
                found.Add(id);
            }
        }

        // Notes of music often are several tokens; without the first there is no note.
        foreach (var note in NonSpeechSigns.Notes)
        {
            found.UnionWith(Encode(note).Take(1));
            found.UnionWith(Encode(" " + note).Where(id => id != Space).Take(1));
        }

        return [.. found];
    }

    void TakeLongest(string bytes, List<int> ids)
    {
        for (var at = 0; at < bytes.Length;)
        {
            var (id, length) = LongestTokenAt(bytes, at);
            if (id >= 0)
            {
                ids.Add(id);
            }

            at += length;
        }
    }

    (int Id, int Length) LongestTokenAt(string bytes, int at)
    {
        for (var length = Math.Min(_longest, bytes.Length - at); length > 0; length--)
        {
            if (_ids.TryGetValue(bytes.Substring(at, length), out var id))
            {
                return (id, length);
            }
        }

        return (-1, 1);
    }
}
