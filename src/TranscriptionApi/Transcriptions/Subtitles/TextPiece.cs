using System.Globalization;
using System.Text;
using SpeechEngine;

namespace TranscriptionApi.Transcriptions.Subtitles;

/// <summary>Text that no cut may go through, and when it is spoken: a word, or one character of a script without spaces.</summary>
/// <param name="Text">Without spaces around it.</param>
/// <param name="HasSpace">A space separates it from the piece before.</param>
/// <param name="IsWordStart">A word seems to begin with it; always so after a space.</param>
/// <param name="Width">Its room on a line.</param>
/// <param name="Start">When it begins.</param>
/// <param name="End">When it ends.</param>
sealed record TextPiece(string Text, bool HasSpace, bool IsWordStart, int Width, TimeSpan Start, TimeSpan End)
{
    /// <summary>Its room on a line that it does not begin.</summary>
    public int WidthWithin => Width + (HasSpace ? 1 : 0);

    /// <summary>The pieces of a segment, in order; every time lies between the segment's start and <paramref name="latest"/>.</summary>
    public static List<TextPiece> Of(Segment segment, TimeSpan latest)
    {
        var times = new SpokenText(segment, latest);
        var pieces = new List<TextPiece>();
        var text = times.Text;
        var (first, width, hasSpace, isWordStart) = (-1, 0, false, true);
        string? before = null;
        for (int i = 0, length; i < text.Length; i += length)
        {
            length = StringInfo.GetNextTextElementLength(text, i);
            var element = text.Substring(i, length);
            var isSpace = string.IsNullOrWhiteSpace(element);
            if (first >= 0 && (isSpace || LineRules.MayCut(before!, element)))
            {
                Close(i);
                isWordStart = times.IsWordStart(i) || LineRules.IsWordStart(before!, element);
            }

            if (isSpace)
            {
                hasSpace = pieces.Count > 0;
                isWordStart = true;
                continue;
            }

            first = first < 0 ? i : first;
            width += LineRules.Width(element);
            before = element;
        }

        if (first >= 0)
        {
            Close(text.Length);
        }

        return pieces;

        void Close(int end)
        {
            pieces.Add(new TextPiece(text[first..end], hasSpace, isWordStart, width, times.StartAt(first), times.EndAt(end)));
            (first, width, hasSpace) = (-1, 0, false);
        }
    }

    /// <summary>The room that some of the pieces take on one line.</summary>
    public static int WidthOf(List<TextPiece> pieces, int from, int to)
    {
        var width = 0;
        for (var i = from; i < to; i++)
        {
            width += i == from ? pieces[i].Width : pieces[i].WidthWithin;
        }

        return width;
    }

    /// <summary>The pieces as one line.</summary>
    public static string Join(IEnumerable<TextPiece> pieces)
    {
        var line = new StringBuilder();
        foreach (var piece in pieces)
        {
            line.Append(piece.HasSpace && line.Length > 0 ? " " : "").Append(piece.Text);
        }

        return line.ToString();
    }
}
