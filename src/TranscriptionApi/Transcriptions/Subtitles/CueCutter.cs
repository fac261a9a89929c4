using SpeechEngine;

namespace TranscriptionApi.Transcriptions.Subtitles;

/// <summary>
/// Cuts a segment into cues: of all ways to cut it the one with the least cost, where every cue costs, and so do cuts in the middle
/// of a phrase, cues of a word or two, cues gone at once and cues too long to read in their time.
/// </summary>
static class CueCutter
{
    // Costs, where one cue more is 1.
    const double CutInWord = 1.2;
    const double CutInPhrase = 0.8;
    const double CutAtClause = 0.25;
    const double CutAtShortPause = 0.3;
    const double CutAtPause = 0.1;
    const double Short = 0.6;
    const double Gone = 1;
    const double PauseWithin = 1.5;
    const double Unreadable = 2;
    const double MostUnreadable = 10;

    static readonly TimeSpan ShortPause = TimeSpan.FromMilliseconds(250);
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    static readonly TimeSpan LongPause = TimeSpan.FromSeconds(2);

    // What is shown for less time is not seen.
    static readonly TimeSpan LeastTime = TimeSpan.FromMilliseconds(700);

    /// <summary>The cues of a segment. A cue may stay on in the silence after it, until the next one or until <paramref name="nextStart"/>.</summary>
    public static IEnumerable<Cue> Cut(Segment segment, TimeSpan nextStart, SubtitleShape shape)
    {
        var pieces = TextPiece.Of(segment, nextStart);
        var room = Room.Of(shape);
        var from = BestCuts(pieces, nextStart, room);
        var cuts = new Stack<(int From, int To)>();
        for (var to = pieces.Count; to > 0; to = from[to])
        {
            cuts.Push((from[to], to));
        }

        return cuts.Select(cut =>
        {
            var (start, end) = (pieces[cut.From].Start, pieces[cut.To - 1].End);
            var last = FreeUntil(pieces, cut.To, nextStart);
            var wanted = start + room.ReadingTime(TextPiece.WidthOf(pieces, cut.From, cut.To));
            var stretched = wanted < last ? wanted : last;
            return new Cue(start, stretched > end ? stretched : end, LineBreaker.Lines(pieces[cut.From..cut.To], room.Width)) { Channel = segment.Channel };
        });
    }

    /// <summary>For every end of a cue the start that makes all cues up to it cheapest.</summary>
    static int[] BestCuts(List<TextPiece> pieces, TimeSpan nextStart, Room room)
    {
        var from = new int[pieces.Count + 1];
        var costs = new double[pieces.Count + 1];
        Array.Fill(costs, double.PositiveInfinity, 1, pieces.Count);
        var total = TextPiece.WidthOf(pieces, 0, pieces.Count);
        var ideal = total / Math.Max(1, Math.Ceiling(total / ((double)room.Width * room.Lines)));
        for (var first = 0; first < pieces.Count; first++)
        {
            var (lines, line, width, pauses) = (1, 0, 0, 0);
            for (var end = first + 1; end <= pieces.Count; end++)
            {
                var piece = pieces[end - 1];
                pauses += end - 1 > first && piece.Start - pieces[end - 2].End > LongPause ? 1 : 0;
                width += width == 0 ? piece.Width : piece.WidthWithin;
                (lines, line) = line == 0 ? (1, piece.Width)
                    : line + piece.WidthWithin <= room.Width ? (lines, line + piece.WidthWithin)
                    : (lines + 1, piece.Width);
                if (lines > room.Lines)
                {
                    break;
                }

                var time = FreeUntil(pieces, end, nextStart) - pieces[first].Start;
                var cost = costs[first] + 1 + (pauses * PauseWithin) + CutCost(pieces, end) + (Short * Math.Pow(Math.Max(0, 1 - (width / ideal)), 2))
                    + TimeCost(time, room.ReadingTime(width));
                if (cost < costs[end])
                {
                    (costs[end], from[end]) = (cost, first);
                }
            }
        }

        return from;
    }

    static double CutCost(List<TextPiece> pieces, int end)
    {
        if (end == pieces.Count)
        {
            return 0;
        }

        var pause = pieces[end].Start - pieces[end - 1].End;
        var byPause = pause >= Pause ? CutAtPause : pause >= ShortPause ? CutAtShortPause : pieces[end].IsWordStart ? CutInPhrase : CutInWord;
        return LineRules.Rest(pieces[end - 1].Text) switch
        {
            2 => 0,
            1 => Math.Min(CutAtClause, byPause),
            _ => byPause,
        };
    }

    static double TimeCost(TimeSpan time, TimeSpan needed)
    {
        var gone = time < LeastTime ? Gone * (1 - (time / LeastTime)) : 0;
        return gone + (time >= needed ? 0 : time <= TimeSpan.Zero ? MostUnreadable : Math.Min(MostUnreadable, Unreadable * ((needed / time) - 1)));
    }

    static TimeSpan FreeUntil(List<TextPiece> pieces, int end, TimeSpan nextStart) => end < pieces.Count ? pieces[end].Start : nextStart;

    /// <summary>The shape with its defaults filled in.</summary>
    sealed record Room(int Width, int Lines, double CharactersPerSecond)
    {
        public static Room Of(SubtitleShape shape) => new(
            shape.MaxLineWidth ?? (shape.MaxLineCount is null ? int.MaxValue : SubtitleShape.UsualLineWidth),
            shape.MaxLineCount ?? SubtitleShape.UsualLineCount,
            shape.MaxCharactersPerSecond ?? double.PositiveInfinity);

        /// <summary>How long text of this width has to be shown.</summary>
        public TimeSpan ReadingTime(int width)
        {
            var time = TimeSpan.FromSeconds(width / CharactersPerSecond);
            return time > LeastTime ? time : LeastTime;
        }
    }
}
