namespace SpeechEngine.Audio;

/// <summary>Limits and places for decoding audio files.</summary>
public sealed record AudioDecoderSettings
{
    /// <summary>Longest audio that is accepted; decoding stops as soon as it is exceeded.</summary>
    public TimeSpan MaxDuration { get; init; } = TimeSpan.FromHours(4);

    /// <summary>The ffmpeg program: a name looked up in PATH or a full path.</summary>
    public string Ffmpeg { get; init; } = "ffmpeg";
}

/// <summary>Turns an audio file of any accepted format into <see cref="PcmAudio"/>. The only entry to this folder.</summary>
public sealed class AudioDecoder(AudioDecoderSettings settings)
{
    /// <summary>Decodes the file at <paramref name="path"/>; the content decides the format, never the name.</summary>
    /// <exception cref="InvalidAudioException">The file is not audio that can be used; the fault says why.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up; a child process is gone by then.</exception>
    public PcmAudio Decode(string path, CancellationToken cancellation)
    {
        _ = settings;
        _ = path;
        cancellation.ThrowIfCancellationRequested();
        throw new InvalidAudioException(AudioFault.Unrecognised, "Not a known audio format.");
    }
}
