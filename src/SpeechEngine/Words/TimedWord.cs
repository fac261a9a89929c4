using SpeechEngine.Features;

namespace SpeechEngine.Words;

/// <summary>A word being placed. Times are encoder positions of 20 ms from the window's start.</summary>
sealed class TimedWord(WordGroup group)
{
    public WordGroup Group { get; } = group;

    public float Length { get; } = SpokenLength.Of(group.Text);

    public float Start { get; set; }

    public float End { get; set; }

    public float Duration => End - Start;
}

/// <summary>A segment whose words are being placed.</summary>
/// <param name="segment">As it was decoded.</param>
/// <param name="start">Position at which it starts by its timestamp.</param>
/// <param name="end">Position at which it ends by its timestamp.</param>
/// <param name="limit">Position at which the audio ends, or the next window begins.</param>
sealed class TimedSegment(Segment segment, int start, int end, int limit)
{
    public float Start { get; set; } = start;

    public float End { get; set; } = end;

    /// <summary>Nothing ends after this.</summary>
    public float Limit { get; } = limit;

    public List<TimedWord> Words { get; } = [];

    /// <summary>The segment with its words and their times.</summary>
    /// <param name="endOfText">Tokens from here on are no text.</param>
    public Segment ToSegment(int seek, int endOfText)
    {
        var probabilities = segment.LogProbabilities.Where((_, i) => segment.Tokens[i] < endOfText).Select(value => Math.Exp(value)).ToArray();
        return segment with
        {
            Start = TimeOf(seek, Start),
            End = TimeOf(seek, End),
            Words = [.. Words.Select(word => new Word
            {
                Start = TimeOf(seek, word.Start),
                End = TimeOf(seek, word.End),
                Text = word.Group.Text,
                Probability = probabilities.AsSpan(word.Group.First, word.Group.Tokens).ToArray().Average(),
            })],
        };
    }

    static TimeSpan TimeOf(int seek, float position) => MelSpectrogram.TimeOf(seek) + (position * MelSpectrogram.TimeOf(2));
}
