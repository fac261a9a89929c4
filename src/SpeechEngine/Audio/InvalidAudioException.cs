namespace SpeechEngine.Audio;

/// <summary>Why an audio file cannot be used.</summary>
public enum AudioFault
{
    /// <summary>The file has no bytes, or no samples.</summary>
    Empty,

    /// <summary>The first bytes belong to no container that is accepted.</summary>
    Unrecognised,

    /// <summary>The container is known but its content contradicts itself or cannot be decoded.</summary>
    Damaged,

    /// <summary>The container is known but holds a coding, rate or channel count that is not accepted.</summary>
    Unsupported,

    /// <summary>Less than 0.1 s of audio.</summary>
    TooShort,

    /// <summary>More audio than the configured limit.</summary>
    TooLong,

    /// <summary>The file needs the ffmpeg program, which is not installed.</summary>
    DecoderMissing,
}

/// <summary>An audio file cannot be used; the message is fit for the person who sent it.</summary>
public sealed class InvalidAudioException(AudioFault fault, string message, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>What kind of trouble it is.</summary>
    public AudioFault Fault { get; } = fault;
}
