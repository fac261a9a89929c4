using System.Globalization;
using SpeechEngine;

namespace TranscriptionApi.Transcriptions.Formats;

/// <summary>One subtitle cue: the line with its times, who speaks (may be nobody) and the text, an empty line. Hours are always written.</summary>
static class Cue
{
    public static string Write(Segment segment, char decimalMark, string speaker) =>
        $"{Time(segment.Start, decimalMark)} --> {Time(segment.End, decimalMark)}\n{speaker}{Text(segment.Text)}\n\n";

    static string Time(TimeSpan time, char decimalMark)
    {
        var milliseconds = (long)Math.Round(time.TotalMilliseconds, MidpointRounding.ToEven);
        var (seconds, fraction) = Math.DivRem(milliseconds, 1000);
        return string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:00}:{seconds / 60 % 60:00}:{seconds % 60:00}{decimalMark}{fraction:000}");
    }

    // An arrow or a line break inside a text would end the cue early.
    static string Text(string text) => text.Trim().Replace("-->", "->", StringComparison.Ordinal).ReplaceLineEndings(" ");
}
