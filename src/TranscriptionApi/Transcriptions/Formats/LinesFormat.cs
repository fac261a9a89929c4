using System.Text;
using SpeechEngine;

namespace TranscriptionApi.Transcriptions.Formats;

/// <summary>One line of text per segment, as openai/whisper and whisper.cpp write text files.</summary>
static class LinesFormat
{
    public static string Write(Transcript transcript)
    {
        var body = new StringBuilder();
        foreach (var segment in transcript.Segments)
        {
            body.Append(Write(segment));
        }

        return body.ToString();
    }

    /// <summary>The segment's line with its newline; nothing for a segment without text.</summary>
    public static string Write(Segment segment) => Text(segment) is { Length: > 0 } text ? text + "\n" : "";

    /// <summary>A segment's text as one line.</summary>
    public static string Text(Segment segment) => segment.Text.Trim().ReplaceLineEndings(" ");
}
