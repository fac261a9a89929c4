using SpeechEngine.Audio.Wav;

namespace SpeechEngine.Audio;

/// <summary>Limits and places for decoding audio files.</summary>
public sealed record AudioDecoderSettings
{
    /// <summary>Longest audio that is accepted, above zero; decoding stops as soon as it is exceeded.</summary>
    public TimeSpan MaxDuration { get; init; } = TimeSpan.FromHours(4);

    /// <summary>The ffmpeg program: a name looked up in PATH or a full path.</summary>
    public string Ffmpeg { get; init; } = "ffmpeg";

    /// <summary>Longest time ffmpeg may work on one file, from 1 s to 1 day; it is killed after that.</summary>
    public TimeSpan FfmpegTimeLimit { get; init; } = TimeSpan.FromMinutes(10);
}

/// <summary>Turns an audio file of any accepted format into <see cref="PcmAudio"/>. The only entry to this folder.</summary>
/// <remarks>One object serves any number of threads.</remarks>
public sealed class AudioDecoder
{
    // 0.1 s, the shortest audio OpenAI's service accepts.
    internal const int MinSamples = PcmAudio.SampleRate / 10;

    readonly ExternalDecoder _ffmpeg;
    readonly int _maxSamples;

    /// <summary>Prepares a decoder; nothing is started or opened.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A limit is outside its range.</exception>
    public AudioDecoder(AudioDecoderSettings settings)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(settings.MaxDuration, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.FfmpegTimeLimit, TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(settings.FfmpegTimeLimit, TimeSpan.FromDays(1));

        _ffmpeg = new ExternalDecoder(settings);
        // A span holds at most int.MaxValue samples: 37 hours.
        _maxSamples = (int)Math.Min(settings.MaxDuration.TotalSeconds * PcmAudio.SampleRate, int.MaxValue);
    }

    /// <summary>True when the first bytes of <paramref name="file"/> belong to a container that is accepted; its position moves.</summary>
    public static bool Recognises(Stream file) => AudioContainers.Recognise(file) != AudioContainer.Unknown;

    /// <summary>Decodes the file at <paramref name="path"/>; the content decides the format, never the name.</summary>
    /// <exception cref="InvalidAudioException">The file is not audio that can be used; the fault says why.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up; a child process is gone by then.</exception>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    public PcmAudio Decode(string path, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        using var pcm = new PcmBuilder(_maxSamples);

        switch (AudioContainers.Recognise(file))
        {
            case AudioContainer.Unknown:
                throw file.Length == 0 ? AudioErrors.Empty() : AudioErrors.Unrecognised();
            case AudioContainer.Wav:
                DecodeWav(path, file, pcm, cancellation);
                break;
            case var container:
                _ffmpeg.Decode(path, container, pcm, cancellation);
                break;
        }

        return pcm.SampleCount switch
        {
            0 => throw AudioErrors.Empty(),
            < MinSamples => throw AudioErrors.TooShort(),
            _ => pcm.ToAudio(),
        };
    }

    void DecodeWav(string path, FileStream file, PcmBuilder pcm, CancellationToken cancellation)
    {
        var header = WavHeader.Read(file);
        if (header.Coding == WavCoding.Compressed)
        {
            _ffmpeg.Decode(path, AudioContainer.Wav, pcm, cancellation);
        }
        else
        {
            WavDecoder.Decode(file, header, pcm, cancellation);
        }
    }
}
