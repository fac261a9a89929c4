using System.Globalization;
using System.Text;

namespace TranscriptionApi.Transcriptions.Formats;

/// <summary>A table with tabs: start and end in whole milliseconds, text; the first line names the columns, as openai/whisper has it.</summary>
static class TsvFormat
{
    public static string Write(Transcript transcript)
    {
        var body = new StringBuilder("start\tend\ttext\n");
        foreach (var segment in transcript.Segments)
        {
            var text = LinesFormat.Text(segment).Replace('\t', ' ');
            body.Append(CultureInfo.InvariantCulture, $"{Milliseconds(segment.Start)}\t{Milliseconds(segment.End)}\t{text}\n");
        }

        return body.ToString();
    }

    static long Milliseconds(TimeSpan time) => (long)Math.Round(time.TotalMilliseconds, MidpointRounding.ToEven);
}
