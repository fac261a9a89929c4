using System.Globalization;
using System.Text;

namespace TranscriptionApi.Transcriptions.Formats;

/// <summary>SubRip: numbered cues, a comma before the milliseconds, one more newline at the end as OpenAI writes it.</summary>
static class SrtFormat
{
    public static string Write(Transcript transcript)
    {
        var body = new StringBuilder();
        for (var i = 0; i < transcript.Segments.Count; i++)
        {
            body.Append(CultureInfo.InvariantCulture, $"{i + 1}\n{Cue.Write(transcript.Segments[i], ',')}");
        }

        return body.Append('\n').ToString();
    }
}
