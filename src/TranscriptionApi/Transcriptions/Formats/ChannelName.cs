namespace TranscriptionApi.Transcriptions.Formats;

/// <summary>What a person reads as the name of a channel. People count from 1, JSON from 0.</summary>
static class ChannelName
{
    public static string Of(int channel) => $"Channel {channel + 1}";

    /// <summary>The name in front of a text, in brackets; nothing when channels are not kept apart.</summary>
    public static string Prefix(int? channel) => channel is { } number ? $"[{Of(number)}] " : "";
}
