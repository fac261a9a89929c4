using System.Text;

namespace TranscriptionApi.Transcriptions.Formats;

/// <summary>WebVTT: a header, then cues with a dot before the milliseconds and the channel as its voice tag.</summary>
static class VttFormat
{
    public static string Write(Transcript transcript)
    {
        var body = new StringBuilder("WEBVTT\n\n");
        foreach (var segment in transcript.Segments)
        {
            body.Append(Cue.Write(segment, '.', segment.Channel is { } channel ? $"<v {ChannelName.Of(channel)}>" : ""));
        }

        return body.ToString();
    }
}
