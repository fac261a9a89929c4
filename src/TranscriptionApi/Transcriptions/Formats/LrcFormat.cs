using System.Globalization;
using System.Text;

namespace TranscriptionApi.Transcriptions.Formats;

/// <summary>Lyrics: [minutes:seconds.hundredths] before each line. There are no hours, so minutes go on past 59.</summary>
static class LrcFormat
{
    public static string Write(Transcript transcript)
    {
        var body = new StringBuilder();
        foreach (var segment in transcript.Segments)
        {
            var (seconds, hundredths) = Math.DivRem((long)Math.Round(segment.Start.TotalMilliseconds / 10, MidpointRounding.ToEven), 100);
            body.Append(CultureInfo.InvariantCulture, $"[{seconds / 60:00}:{seconds % 60:00}.{hundredths:00}]{LinesFormat.Text(segment)}\n");
        }

        return body.ToString();
    }
}
