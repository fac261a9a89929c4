using System.Globalization;
using System.Text;
using TranscriptionApi.Transcriptions.Subtitles;

namespace TranscriptionApi.Transcriptions.Formats;

/// <summary>
/// SubRip: numbered cues, a comma before the milliseconds, one more newline at the end as OpenAI writes it.
/// It knows no speakers, so the name of a channel stands in brackets before the text.
/// </summary>
static class SrtFormat
{
    public static string Write(Transcript transcript, Layout layout)
    {
        var body = new StringBuilder();
        foreach (var (i, cue) in Cue.Of(transcript.Segments, layout.Subtitles, transcript.Duration).Index())
        {
            body.Append(CultureInfo.InvariantCulture, $"{i + 1}\n");
            CueText.Append(body, cue, ',', ChannelName.Prefix(cue.Channel));
        }

        return body.Append('\n').ToString();
    }
}
