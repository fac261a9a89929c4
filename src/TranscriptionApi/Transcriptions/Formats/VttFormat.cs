using System.Text;
using TranscriptionApi.Transcriptions.Subtitles;

namespace TranscriptionApi.Transcriptions.Formats;

/// <summary>WebVTT: a header, then cues with a dot before the milliseconds and the channel as its voice tag.</summary>
static class VttFormat
{
    public static string Write(Transcript transcript, Layout layout)
    {
        var body = new StringBuilder("WEBVTT\n\n");
        foreach (var cue in Cue.Of(transcript.Segments, layout.Subtitles, transcript.Duration))
        {
            CueText.Append(body, cue, '.', cue.Channel is { } channel ? $"<v {ChannelName.Of(channel)}>" : "");
        }

        return body.ToString();
    }
}
