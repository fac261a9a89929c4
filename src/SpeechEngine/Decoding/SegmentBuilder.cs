using System.Text;
using SpeechEngine.Features;
using SpeechEngine.Model;

namespace SpeechEngine.Decoding;

/// <summary>Cuts a window's tokens at their timestamps into segments.</summary>
static class SegmentBuilder
{
    /// <summary>Builds the segments of one window, in order; none lies outside the audio.</summary>
    public static List<Segment> Build(DecodingState state, in WindowRequest request, in WindowResult result)
    {
        var source = new Source(state.Model.Vocabulary, request.Seek, Math.Min(request.Remaining, ModelDimensions.WindowFrames), result);
        var tokens = WithoutEnd(state.Best.Tokens[..result.Count], state.Model.Vocabulary);
        var segments = new List<Segment>();
        if (tokens.Length > 0)
        {
            var start = tokens[0].Timestamp < 0 ? 0 : source.Vocabulary.FrameOf(tokens[0].Timestamp);
            if (request.Options.SingleSegment)
            {
                var end = tokens[^1].Id >= source.Vocabulary.FirstTimestamp ? source.Vocabulary.FrameOf(tokens[^1].Id) : result.Advance;
                Add(tokens, source, start, end, isLast: true, segments);
            }
            else
            {
                Cut(tokens, source, start, result.Advance, segments);
            }
        }

        return segments;
    }

    /// <summary>The end of text is no part of a segment; in a context it would tell the model that nothing follows.</summary>
    static ReadOnlySpan<DecodedToken> WithoutEnd(ReadOnlySpan<DecodedToken> tokens, Vocabulary vocabulary) =>
        tokens is [.., { Id: var last }] && last == vocabulary.EndOfText ? tokens[..^1] : tokens;

    static void Cut(ReadOnlySpan<DecodedToken> tokens, Source source, int start, int windowEnd, List<Segment> segments)
    {
        var vocabulary = source.Vocabulary;
        var first = 0;
        for (var i = 0; i < tokens.Length; i++)
        {
            // Timestamp 0.00 marks no border: nothing can have ended there.
            if (tokens[i].Id <= vocabulary.FirstTimestamp)
            {
                continue;
            }

            var end = vocabulary.FrameOf(tokens[i].Id);
            var isLast = !HasText(vocabulary, tokens[(i + 1)..]);
            Add(tokens[first..(i + 1)], source, start, end, isLast, segments);
            start = end;
            while (i + 1 < tokens.Length && tokens[i + 1].Id > vocabulary.FirstTimestamp)
            {
                start = vocabulary.FrameOf(tokens[++i].Id);
            }

            first = i + 1;
        }

        if (first < tokens.Length)
        {
            Add(tokens[first..], source, start, windowEnd, isLast: true, segments);
        }
    }

    static void Add(ReadOnlySpan<DecodedToken> tokens, Source source, int start, int end, bool isLast, List<Segment> segments)
    {
        var ids = DecodedToken.Ids(tokens);
        var text = source.Vocabulary.TextOf(ids, source.Utf8, isLast);
        if (text.Length == 0)
        {
            return;
        }

        var logProbabilities = new float[tokens.Length];
        for (var i = 0; i < tokens.Length; i++)
        {
            logProbabilities[i] = tokens[i].LogProbability;
        }

        start = Math.Min(start, source.Frames);
        segments.Add(new Segment
        {
            Start = MelSpectrogram.TimeOf(source.Seek + start),
            End = MelSpectrogram.TimeOf(source.Seek + Math.Clamp(end, start, source.Frames)),
            Text = text,
            Tokens = ids,
            LogProbabilities = logProbabilities,
            Language = source.Vocabulary.IsMultilingual ? Languages.CodeAt(source.Window.Language) : "en",
            Seek = source.Seek,
            Temperature = source.Window.Temperature,
            AverageLogProbability = source.Window.Scores.AverageLogProbability,
            CompressionRatio = source.Window.Scores.CompressionRatio,
            NoSpeechProbability = source.Window.NoSpeechProbability,
        });
    }

    static bool HasText(Vocabulary vocabulary, ReadOnlySpan<DecodedToken> tokens)
    {
        foreach (var token in tokens)
        {
            if (token.Id < vocabulary.EndOfText)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What all segments of a window have in common.</summary>
    /// <param name="Frames">Frames of the window that hold audio.</param>
    sealed record Source(Vocabulary Vocabulary, int Seek, int Frames, WindowResult Window)
    {
        // A character may begin at the end of one segment and end in the next.
        public Decoder Utf8 { get; } = Encoding.UTF8.GetDecoder();
    }
}
