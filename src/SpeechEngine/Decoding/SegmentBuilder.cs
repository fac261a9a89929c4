using System.IO.Compression;
using System.Text;
using SpeechEngine.Features;
using SpeechEngine.Model;

namespace SpeechEngine.Decoding;

/// <summary>Cuts a window's tokens at their timestamps into segments, and says where the next window begins.</summary>
static class SegmentBuilder
{
    const double NoSpeechThreshold = 0.6;
    const double LogProbabilityThreshold = -1.0;

    /// <summary>Builds the segments of one window.</summary>
    /// <param name="seek">First frame of the window.</param>
    /// <returns>Segments in order, and the first frame of the next window.</returns>
    public static (List<Segment> Segments, int NextSeek) Build(DecodingState state, in WindowRequest request, in WindowResult result, int seek)
    {
        var vocabulary = state.Model.Vocabulary;
        var tokens = state.Tokens.AsSpan(0, result.Count);
        var segments = new List<Segment>();
        var silent = result.NoSpeechProbability > NoSpeechThreshold
            && (result.AverageLogProbability < LogProbabilityThreshold || !result.IsComplete);
        if (state.Model.HasTensors && !silent && tokens.Length > 0)
        {
            var source = new Source(vocabulary, vocabulary.IsMultilingual ? Languages.CodeAt(result.Language) : "en", seek, request.Temperature, result.AverageLogProbability, result.NoSpeechProbability, CompressionRatio(vocabulary, tokens));
            var limit = state.Model.WritesTimestamps ? result.Advance : Math.Min(result.Advance, request.Remaining);
            Cut(tokens, source, limit, segments);
        }

        return (segments, seek + NextWindow(vocabulary, tokens, result.Advance, request.Remaining));
    }

    static void Cut(ReadOnlySpan<DecodedToken> tokens, Source source, int windowEnd, List<Segment> segments)
    {
        var vocabulary = source.Vocabulary;
        var start = tokens[0].Timestamp < 0 ? 0 : vocabulary.FrameOf(tokens[0].Timestamp);
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
        var ids = IdsOf(tokens);
        var logProbabilities = new float[tokens.Length];
        for (var i = 0; i < tokens.Length; i++)
        {
            logProbabilities[i] = tokens[i].LogProbability;
        }

        var text = source.Vocabulary.TextOf(ids, source.Utf8, isLast);
        if (text.Length == 0)
        {
            return;
        }

        segments.Add(new Segment
        {
            Start = MelSpectrogram.TimeOf(source.Seek + start),
            End = MelSpectrogram.TimeOf(source.Seek + Math.Max(start, end)),
            Text = text,
            Tokens = ids,
            LogProbabilities = logProbabilities,
            Language = source.Language,
            Seek = source.Seek,
            Temperature = source.Temperature,
            AverageLogProbability = source.AverageLogProbability,
            CompressionRatio = source.CompressionRatio,
            NoSpeechProbability = source.NoSpeechProbability,
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

    /// <summary>Frames to the next window: to the last timestamp, or the whole window when speech ended with a single one.</summary>
    static int NextWindow(Vocabulary vocabulary, ReadOnlySpan<DecodedToken> tokens, int advance, int remaining)
    {
        var endsWithSingleTimestamp = tokens.Length > 1
            && tokens[^2].Id < vocabulary.FirstTimestamp && tokens[^1].Id > vocabulary.FirstTimestamp;
        return endsWithSingleTimestamp ? Math.Min(remaining, ModelDimensions.WindowFrames) : advance;
    }

    static double CompressionRatio(Vocabulary vocabulary, ReadOnlySpan<DecodedToken> tokens)
    {
        var text = Encoding.UTF8.GetBytes(vocabulary.TextOf(IdsOf(tokens)).Trim());
        if (text.Length == 0)
        {
            return 0;
        }

        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            zlib.Write(text);
        }

        return (double)text.Length / packed.Length;
    }

    static int[] IdsOf(ReadOnlySpan<DecodedToken> tokens)
    {
        var ids = new int[tokens.Length];
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = tokens[i].Id;
        }

        return ids;
    }

    /// <summary>What all segments of a window have in common.</summary>
    sealed record Source(Vocabulary Vocabulary, string Language, int Seek, float Temperature, double AverageLogProbability, double NoSpeechProbability, double CompressionRatio)
    {
        // A character may begin at the end of one segment and end in the next.
        public Decoder Utf8 { get; } = Encoding.UTF8.GetDecoder();
    }
}
