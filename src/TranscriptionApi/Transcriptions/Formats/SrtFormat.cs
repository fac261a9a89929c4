using System.Globalization;
using System.Text;

namespace TranscriptionApi.Transcriptions.Formats;

/// <summary>
/// SubRip: numbered cues, a comma before the milliseconds, one more newline at the end as OpenAI writes it.
/// It knows no speakers, so the name of a channel stands in brackets before the text.
/// </summary>
static class SrtFormat
{
    public static string Write(Transcript transcript)
    {
        var body = new StringBuilder();
        for (var i = 0; i < transcript.Segments.Count; i++)
        {
            var segment = transcript.Segments[i];
            body.Append(CultureInfo.InvariantCulture, $"{i + 1}\n{Cue.Write(segment, ',', ChannelName.Prefix(segment.Channel))}");
        }

        return body.Append('\n').ToString();
    }
}
