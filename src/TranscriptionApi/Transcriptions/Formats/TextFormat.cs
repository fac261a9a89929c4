namespace TranscriptionApi.Transcriptions.Formats;

/// <summary>The text and a newline.</summary>
static class TextFormat
{
    public static string Write(Transcript transcript) => transcript.Text + "\n";
}
