namespace TranscriptionApi.Transcriptions.Formats;

/// <summary>The text and a newline; where channels are kept apart, a line for each turn with the channel's name before it.</summary>
static class TextFormat
{
    public static string Write(Transcript transcript) =>
        string.Join('\n', transcript.Turns.Select(turn => ChannelName.Prefix(turn.Channel) + turn.Text)) + "\n";
}
