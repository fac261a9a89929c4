namespace SpeechEngine.Words;

/// <summary>
/// Sets words right whose times cannot be: the aims are those of openai/whisper's corrections, which were made for words that had to
/// fill a pause. Afterwards all times ascend, and segments begin and end with their words.
/// </summary>
static class WordBorders
{
    // In positions of 20 ms: 0.7 s and 0.5 s.
    const float LongestMedian = 35;
    const float Tolerance = 25;

    // A word at the border of a sentence that takes more than twice the usual time has noise or a pause in it.
    const float LongestFactor = 2;

    /// <summary>Corrects the words of a window and the segments' starts and ends.</summary>
    public static void Correct(IReadOnlyList<TimedSegment> segments)
    {
        var words = segments.SelectMany(segment => segment.Words).ToList();
        var spoken = words.Where(word => word.Duration > 0).ToList();
        var usual = Math.Min(LongestMedian, Median(spoken.Select(word => word.Duration)));
        var pace = Median(spoken.Where(word => word.Length > 0).Select(word => word.Duration / word.Length));
        foreach (var segment in segments.Where(segment => segment.Words.Count > 0))
        {
            for (var i = 0; i < segment.Words.Count; i++)
            {
                var word = segment.Words[i];
                var most = LongestFactor * Math.Max(usual, pace * word.Length);
                if (i == 0 || EndsSentence(segment.Words[i - 1]))
                {
                    word.Start = Math.Max(word.Start, word.End - most);
                }

                if (i == segment.Words.Count - 1 || EndsSentence(word))
                {
                    word.End = Math.Min(word.End, word.Start + most);
                }
            }

            PreferTimestamps(segment, usual);
        }

        Order(segments);
    }

    /// <summary>Where a segment's first or last word reaches far beyond the segment's own timestamp, the timestamp is right.</summary>
    static void PreferTimestamps(TimedSegment segment, float usual)
    {
        var first = segment.Words[0];
        if (first.Start < segment.Start - Tolerance && segment.Start < first.End)
        {
            first.Start = Math.Max(first.Start, Math.Min(segment.Start, first.End - usual));
        }

        var last = segment.Words[^1];
        if (last.End > segment.End + Tolerance && last.Start < segment.End)
        {
            last.End = Math.Min(last.End, Math.Max(segment.End, last.Start + usual));
        }
    }

    /// <summary>Nothing starts before what stands before it has ended, nor ends after the audio.</summary>
    static void Order(IReadOnlyList<TimedSegment> segments)
    {
        var earliest = 0f;
        foreach (var segment in segments)
        {
            foreach (var word in segment.Words)
            {
                word.Start = Math.Clamp(word.Start, earliest, segment.Limit);
                word.End = Math.Clamp(word.End, word.Start, segment.Limit);
                earliest = word.End;
            }

            if (segment.Words.Count > 0)
            {
                segment.Start = segment.Words[0].Start;
                segment.End = segment.Words[^1].End;
            }
        }
    }

    static bool EndsSentence(TimedWord word) => word.Group.Text.AsSpan().TrimEnd() is [.., var last] && SpokenLength.SentenceEnds.Contains(last);

    static float Median(IEnumerable<float> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? 0f : sorted[sorted.Length / 2];
    }
}
