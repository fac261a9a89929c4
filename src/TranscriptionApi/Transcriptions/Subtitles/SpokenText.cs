using SpeechEngine;

namespace TranscriptionApi.Transcriptions.Subtitles;

/// <summary>A segment's text with the time of every character: by its words, or spread evenly over the segment.</summary>
sealed class SpokenText
{
    readonly List<Stretch> _stretches = [];

    /// <summary>Times after <paramref name="latest"/> are cut off.</summary>
    public SpokenText(Segment segment, TimeSpan latest)
    {
        Text = string.Concat(segment.Words.Select(word => word.Text));
        if (Text.Trim() != segment.Text.Trim())
        {
            // Words that do not make up the text would lose some of it.
            Text = segment.Text;
            Add(0, Text, segment.Start, segment.End);
        }
        else
        {
            var offset = 0;
            foreach (var word in segment.Words)
            {
                Add(offset, word.Text, word.Start, word.End);
                offset += word.Text.Length;
            }
        }

        void Add(int offset, string text, TimeSpan start, TimeSpan end)
        {
            var spaces = text.Length - text.TrimStart().Length;
            var length = text.Trim().Length;
            if (length == 0)
            {
                return;
            }

            // Whatever the times are, they must not run backwards or leave the segment.
            var earliest = _stretches is [.., var last] ? last.End : segment.Start;
            var bound = Later(segment.Start, latest < segment.End ? latest : segment.End);
            start = Later(earliest, start < bound ? start : bound);
            end = Later(start, end < bound ? end : bound);
            _stretches.Add(new Stretch(offset + spaces, length, start, end));
        }
    }

    public string Text { get; }

    /// <summary>When the character at <paramref name="offset"/>, which is no space, begins.</summary>
    public TimeSpan StartAt(int offset) => Containing(offset).At(offset);

    /// <summary>When the character before <paramref name="offset"/>, which is no space, ends.</summary>
    public TimeSpan EndAt(int offset) => Containing(offset - 1).At(offset);

    /// <summary>A word begins at <paramref name="offset"/>.</summary>
    public bool IsWordStart(int offset) => _stretches.Exists(stretch => stretch.Offset == offset);

    Stretch Containing(int offset) => _stretches.FindLast(stretch => stretch.Offset <= offset)!;

    static TimeSpan Later(TimeSpan one, TimeSpan other) => one > other ? one : other;

    sealed record Stretch(int Offset, int Length, TimeSpan Start, TimeSpan End)
    {
        public TimeSpan At(int offset) => Start + ((End - Start) * Math.Clamp((double)(offset - Offset) / Length, 0, 1));
    }
}
