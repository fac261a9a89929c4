namespace SpeechEngine.Decoding;

/// <summary>
/// What the model is shown before a window: keywords, then the prompt and the text of earlier windows, as much of their end as fits.
/// </summary>
sealed class TextContext
{
    /// <summary>Most tokens of a context: half of the decoder's positions, less one for the token that opens it.</summary>
    public const int Longest = 223;

    // Keywords must leave room for what was said.
    const int MostKeywordTokens = 112;

    // Text that needed this much chance to be found is no guide for what follows; openai/whisper's limit.
    const float HottestGuide = 0.5f;

    readonly int[] _keywords;
    readonly List<int> _text;
    readonly bool _remembers;

    /// <summary>A context of tokens.</summary>
    /// <param name="keywords">Shown before every window.</param>
    /// <param name="text">Shown until the first window with speech is done, and as long as later text leaves room if <paramref name="remembers"/>.</param>
    public TextContext(IEnumerable<int> keywords, IEnumerable<int> text, bool remembers)
    {
        _keywords = [.. keywords.Take(MostKeywordTokens)];
        _text = [.. text.TakeLast(Longest)];
        _remembers = remembers;
    }

    /// <summary>The context that the options ask for.</summary>
    /// <param name="resumed"><see cref="Text"/> of an earlier run, which goes on; null begins with the prompt.</param>
    public static TextContext Of(Vocabulary vocabulary, TranscribeOptions options, IReadOnlyList<int>? resumed) => new(
        Tokens(vocabulary, string.Join(", ", options.Keywords)), resumed ?? Tokens(vocabulary, options.Prompt ?? ""), options.ConditionOnPreviousText);

    /// <summary>A copy of what is remembered of the prompt and of earlier text.</summary>
    public int[] Text => [.. _text];

    /// <summary>The tokens to show before a window that is decoded at <paramref name="temperature"/>: a hot attempt is not led by what failed before.</summary>
    public int CopyTo(Span<int> tokens, float temperature)
    {
        _keywords.CopyTo(tokens);
        if (temperature > HottestGuide)
        {
            return _keywords.Length;
        }

        var room = Math.Min(_text.Count, Longest - _keywords.Length);
        for (var i = 0; i < room; i++)
        {
            tokens[_keywords.Length + i] = _text[_text.Count - room + i];
        }

        return _keywords.Length + room;
    }

    /// <summary>A window is done: its segments become the context of the next one, if they are to be trusted.</summary>
    public void Add(IReadOnlyList<Segment> segments, float temperature)
    {
        if (!_remembers || temperature > HottestGuide)
        {
            _text.Clear();
            return;
        }

        foreach (var segment in segments)
        {
            _text.AddRange(segment.Tokens);
        }

        _text.RemoveRange(0, Math.Max(0, _text.Count - Longest));
    }

    static List<int> Tokens(Vocabulary vocabulary, string text) =>
        string.IsNullOrWhiteSpace(text) ? [] : vocabulary.Encode(" " + text.Trim());
}
