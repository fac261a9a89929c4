namespace TranscriptionApi.Transcriptions.Subtitles;

/// <summary>Breaks a cue into as few lines as it needs, about equally long, preferably where a clause ends.</summary>
static class LineBreaker
{
    // Against the square of the part of the width by which a line misses the ideal.
    const double BreakInPhrase = 0.02;
    const double BreakInWord = 0.2;

    /// <summary>The lines from top to bottom; none is wider than <paramref name="width"/> unless a single piece is.</summary>
    public static IReadOnlyList<string> Lines(List<TextPiece> pieces, int width)
    {
        var count = Fewest(pieces, width);
        var total = TextPiece.WidthOf(pieces, 0, pieces.Count);
        var from = new int[count + 1, pieces.Count + 1];
        var costs = new double[count + 1, pieces.Count + 1];
        for (var line = 0; line <= count; line++)
        {
            for (var end = 0; end <= pieces.Count; end++)
            {
                costs[line, end] = line == 0 && end == 0 ? 0 : double.PositiveInfinity;
            }
        }

        for (var line = 1; line <= count; line++)
        {
            for (var first = line - 1; first < pieces.Count; first++)
            {
                var used = pieces[first].Width;
                for (var end = first + 1; end <= pieces.Count && (used <= width || end == first + 1); end++)
                {
                    var cost = costs[line - 1, first] + Math.Pow((used - ((double)total / count)) / Math.Min(width, total), 2) + BreakCost(pieces, end);
                    if (cost < costs[line, end])
                    {
                        (costs[line, end], from[line, end]) = (cost, first);
                    }

                    used += end < pieces.Count ? pieces[end].WidthWithin : 0;
                }
            }
        }

        var lines = new string[count];
        for (int line = count, end = pieces.Count; line > 0; line--)
        {
            var first = from[line, end];
            lines[line - 1] = TextPiece.Join(pieces[first..end]);
            end = first;
        }

        return lines;
    }

    static double BreakCost(List<TextPiece> pieces, int end) => end == pieces.Count ? 0
        : !pieces[end].IsWordStart ? BreakInWord
        : LineRules.Rest(pieces[end - 1].Text) == 0 ? BreakInPhrase
        : 0;

    static int Fewest(List<TextPiece> pieces, int width)
    {
        var (lines, used) = (1, pieces[0].Width);
        foreach (var piece in pieces.Skip(1))
        {
            (lines, used) = used + piece.WidthWithin <= width ? (lines, used + piece.WidthWithin) : (lines + 1, piece.Width);
        }

        return lines;
    }
}
