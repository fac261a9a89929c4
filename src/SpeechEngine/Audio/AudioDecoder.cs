using SpeechEngine.Audio.Wav;

namespace SpeechEngine.Audio;

/// <summary>Limits and places for decoding audio files.</summary>
public sealed record AudioDecoderSettings
{
    /// <summary>
    /// Longest audio that is accepted, above zero; decoding stops as soon as it is exceeded. Channels that are kept apart count
    /// one by one: an hour of four channels is four hours, so that the limit bounds the memory, 230 MB an hour, either way.
    /// </summary>
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

    /// <summary>The container of the file at <paramref name="path"/> in lower case, such as wav, mp3 or matroska; unknown when none is recognised.</summary>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    public static string ContainerOf(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        return AudioContainers.Recognise(file).ToString().ToLowerInvariant();
    }

    /// <summary>Decodes the file at <paramref name="path"/>, all channels mixed; the content decides the format, never the name.</summary>
    /// <exception cref="InvalidAudioException">The file is not audio that can be used; the fault says why.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up; a child process is gone by then.</exception>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    public PcmAudio Decode(string path, CancellationToken cancellation)
    {
        using var pcm = new PcmBuilder(_maxSamples);
        Read(
            path,
            (file, header) => WavDecoder.Decode(file, header, [pcm], cancellation),
            container => _ffmpeg.Decode(path, container, pcm, cancellation),
            cancellation);
        CheckLength(pcm.SampleCount);
        return pcm.ToAudio();
    }

    /// <summary>
    /// Decodes the file at <paramref name="path"/>, up to 64 channels, each for itself. One sound on all channels (dual mono) counts
    /// as one channel: when in no second they differ by more than 50 dB below the sound or by two steps of 16 bits.
    /// </summary>
    /// <exception cref="InvalidAudioException">As for <see cref="Decode"/>; too long is counted over all channels together.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up; a child process is gone by then.</exception>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    public MultichannelAudio DecodeChannels(string path, CancellationToken cancellation)
    {
        using var channels = new ChannelBuilder(_maxSamples);
        Read(
            path,
            (file, header) =>
            {
                channels.Begin(header.Channels);
                WavDecoder.Decode(file, header, channels.Channels, cancellation);
            },
            container => _ffmpeg.DecodeChannels(path, container, channels, cancellation),
            cancellation);
        CheckLength(channels.SampleCount);
        return channels.ToAudio();
    }

    static void Read(string path, Action<Stream, WavHeader> readWav, Action<AudioContainer> readOther, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        switch (AudioContainers.Recognise(file))
        {
            case AudioContainer.Unknown:
                throw file.Length == 0 ? AudioErrors.Empty() : AudioErrors.Unrecognised();
            case AudioContainer.Wav when WavHeader.Read(file) is { Coding: not WavCoding.Compressed } header:
                readWav(file, header);
                break;
            case var container:
                readOther(container);
                break;
        }
    }

    static void CheckLength(int samples)
    {
        if (samples < MinSamples)
        {
            throw samples == 0 ? AudioErrors.Empty() : AudioErrors.TooShort();
        }
    }
}
