using SpeechEngine.Audio.Wav;

namespace SpeechEngine.Audio;

/// <summary>What a file says of itself before it is decoded. Nothing here tells whether it can be decoded.</summary>
/// <param name="Container">The container in lower case, such as wav or mp3; unknown when none is recognised.</param>
/// <param name="Duration">Length of the audio: exact when <paramref name="IsExact"/>, otherwise guessed from the size of the file.</param>
/// <param name="Channels">Channels of the audio; 1 when they are not known.</param>
/// <param name="IsExact">The file tells its length, as uncompressed WAV does.</param>
public readonly record struct AudioFacts(string Container, TimeSpan Duration, int Channels, bool IsExact)
{
    // 128 kbit/s: much of what is recorded for people to listen to.
    const double UsualBytesPerSecond = 16_000;

    /// <summary>Reads the beginning of the file at <paramref name="path"/>.</summary>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    public static AudioFacts Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        var container = AudioContainers.Recognise(file);
        var name = container.ToString().ToLowerInvariant();
        return container == AudioContainer.Wav && TryReadWav(file) is { Coding: not WavCoding.Compressed } wav
            ? new AudioFacts(name, TimeSpan.FromSeconds((double)wav.FrameCount / wav.SampleRate), wav.Channels, IsExact: true)
            : new AudioFacts(name, TimeSpan.FromSeconds(file.Length / UsualBytesPerSecond), Channels: 1, IsExact: false);
    }

    static WavHeader? TryReadWav(FileStream file)
    {
        try
        {
            return WavHeader.Read(file);
        }
        catch (InvalidAudioException)
        {
            // Whoever decodes it will say what is wrong.
            return null;
        }
    }
}
