using System.Text;
using SpeechEngine.Decoding;
using SpeechEngine.Features;
using SpeechEngine.Model;

namespace SpeechEngine.Words;

/// <summary>The window whose words are placed.</summary>
readonly ref struct WordRequest
{
    /// <summary>Index of the language.</summary>
    public required int Language { get; init; }

    /// <summary>What the window was decoded for.</summary>
    public required SpeechTask Task { get; init; }

    /// <summary>First frame of 10 ms of the window.</summary>
    public required int Seek { get; init; }

    /// <summary>Frames of the window that hold audio, 1 to <see cref="ModelDimensions.WindowFrames"/>.</summary>
    public required int Frames { get; init; }

    /// <summary>Frames after which the next window begins: no word ends later, or it would overlap those found there.</summary>
    public required int Advance { get; init; }

    /// <summary>16 kHz, from the window's start.</summary>
    public required ReadOnlySpan<float> Samples { get; init; }
}

/// <summary>
/// Gives the segments of a window their words with times:
/// <list type="number">
/// <item><see cref="WordGroups"/> cuts the tokens into words;</item>
/// <item><see cref="TokenAttention"/> lets the decoder read the text once more and keeps where it listened;</item>
/// <item><see cref="SoundAxis"/> finds where there is sound, <see cref="TokenPath"/> which stretch of it belongs to which token;</item>
/// <item><see cref="WordBorders"/> sets right what is too long, and lets segments begin and end with their words.</item>
/// </list>
/// </summary>
static class WordTimestamps
{
    /// <summary>
    /// Adds words to the segments of the window that was decoded last; its keys and values are still in <see cref="DecodingState.Cross"/>.
    /// Texts and tokens stay as they are; starts and ends become those of the words.
    /// </summary>
    /// <param name="segments">All segments of the window, in order.</param>
    public static IReadOnlyList<Segment> Add(DecodingState state, in WordRequest request, IReadOnlyList<Segment> segments, CancellationToken cancellation)
    {
        var vocabulary = state.Model.Vocabulary;
        var text = segments.SelectMany(segment => TextTokens(vocabulary, segment)).ToArray();
        var positions = Math.Min(request.Frames / 2, state.Model.Dimensions.AudioContext);
        if (text.Length == 0)
        {
            return segments;
        }

        // (1)
        var words = Group(vocabulary, segments);
        if (positions < TokenAttention.LeastPositions)
        {
            return Share(segments, words, positions, request.Seek, vocabulary.EndOfText);
        }

        // (2)
        var prompt = Prompt(vocabulary, in request);
        var placed = Math.Min(text.Length, AlignmentScratch.MaxRows - 1 - prompt.Length);
        TokenAttention.Fill(state, prompt, text.AsSpan(0, placed), positions, cancellation);

        // (3)
        var seek = request.Seek;
        var axis = SoundAxis.Find(request.Samples, positions, [.. segments.Select(segment => (PositionOf(segment.Start, seek), PositionOf(segment.End, seek)))]);
        var places = new int[text.Length + 1];
        TokenPath.Find(state.Scratch.Alignment, prompt.Length - 1, Tokens(vocabulary, words, text).AsSpan(0, placed), axis, places.AsSpan(0, placed + 1));

        // More tokens than one step takes do not come out of decoding; if they ever do, the last ones share the end.
        places.AsSpan(placed + 1).Fill(places[placed]);

        // (4)
        var timed = Place(segments, words, places, axis, Math.Min(positions, request.Advance / 2), seek);
        WordBorders.Correct(timed);
        return [.. timed.Select(segment => segment.ToSegment(seek, vocabulary.EndOfText))];
    }

    static List<List<WordGroup>> Group(Vocabulary vocabulary, IReadOnlyList<Segment> segments)
    {
        var utf8 = Encoding.UTF8.GetDecoder();
        var last = segments.Count - 1;
        while (last > 0 && TextTokens(vocabulary, segments[last]).Length == 0)
        {
            last--;
        }

        return [.. segments.Select((segment, i) => WordGroups.Cut(vocabulary, TextTokens(vocabulary, segment), segment.Text, segment.Language, utf8, i == last))];
    }

    static int[] Prompt(Vocabulary vocabulary, in WordRequest request) => vocabulary.IsMultilingual
        ? [
            vocabulary.StartOfTranscript,
            vocabulary.LanguageToken(request.Language),
            request.Task == SpeechTask.Translate ? vocabulary.Translate : vocabulary.Transcribe,
            vocabulary.NoTimestamps,
        ]
        : [vocabulary.StartOfTranscript, vocabulary.NoTimestamps];

    /// <summary>What the path must know of each token.</summary>
    static PlacedToken[] Tokens(Vocabulary vocabulary, List<List<WordGroup>> words, int[] text)
    {
        var tokens = Array.ConvertAll(text, token => new PlacedToken(SpokenLength.Of(vocabulary.TextOf([token])), StartsWord: false));
        var offset = 0;
        foreach (var word in words.SelectMany(segment => segment))
        {
            tokens[offset] = tokens[offset] with { StartsWord = true };
            offset += word.Tokens;
        }

        return tokens;
    }

    static List<TimedSegment> Place(IReadOnlyList<Segment> segments, List<List<WordGroup>> words, ReadOnlySpan<int> places, SoundAxis axis, int limit, int seek)
    {
        var timed = new List<TimedSegment>();
        var offset = 0;
        for (var i = 0; i < segments.Count; i++)
        {
            var segment = new TimedSegment(segments[i], PositionOf(segments[i].Start, seek), PositionOf(segments[i].End, seek), limit);
            foreach (var word in words[i])
            {
                var start = axis.StartOf(places[offset]);
                offset += word.Tokens;
                segment.Words.Add(new TimedWord(word) { Start = start, End = Math.Max(start, axis.EndOf(places[offset])) });
            }

            timed.Add(segment);
        }

        return timed;
    }

    /// <summary>The words of a snippet too short to be listened to share its time.</summary>
    static Segment[] Share(IReadOnlyList<Segment> segments, List<List<WordGroup>> words, int positions, int seek, int endOfText) => [.. segments.Select((segment, i) =>
    {
        var timed = new TimedSegment(segment, Math.Min(PositionOf(segment.Start, seek), positions), Math.Min(PositionOf(segment.End, seek), positions), positions);
        var share = (timed.End - timed.Start) / Math.Max(1, words[i].Count);
        timed.Words.AddRange(words[i].Select((word, n) => new TimedWord(word) { Start = timed.Start + (n * share), End = timed.Start + ((n + 1) * share) }));
        return timed.ToSegment(seek, endOfText);
    })];

    static int[] TextTokens(Vocabulary vocabulary, Segment segment) => [.. segment.Tokens.Where(token => token < vocabulary.EndOfText)];

    static int PositionOf(TimeSpan time, int seek) => (int)((time - MelSpectrogram.TimeOf(seek)) / MelSpectrogram.TimeOf(2));
}
