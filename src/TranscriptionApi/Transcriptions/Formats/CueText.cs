using System.Globalization;
using System.Text;
using TranscriptionApi.Transcriptions.Subtitles;

namespace TranscriptionApi.Transcriptions.Formats;

/// <summary>One subtitle cue as text: the line with its times, who speaks (may be nobody) and its lines, an empty line. Hours are always written.</summary>
static class CueText
{
    public static void Append(StringBuilder body, Cue cue, char decimalMark, string speaker)
    {
        body.Append(CultureInfo.InvariantCulture, $"{Time(cue.Start, decimalMark)} --> {Time(cue.End, decimalMark)}\n{speaker}");
        body.AppendJoin('\n', cue.Lines.Select(Line)).Append("\n\n");
    }

    static string Time(TimeSpan time, char decimalMark)
    {
        var milliseconds = (long)Math.Round(time.TotalMilliseconds, MidpointRounding.ToEven);
        var (seconds, fraction) = Math.DivRem(milliseconds, 1000);
        return string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:00}:{seconds / 60 % 60:00}:{seconds % 60:00}{decimalMark}{fraction:000}");
    }

    // An arrow or a line break inside a text would end the cue early.
    static string Line(string text) => text.Trim().Replace("-->", "->", StringComparison.Ordinal).ReplaceLineEndings(" ");
}
