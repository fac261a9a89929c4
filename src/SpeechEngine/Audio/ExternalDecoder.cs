using System.Globalization;

namespace SpeechEngine.Audio;

/// <summary>
/// Decodes the formats that are not read here: one ffmpeg process per file, told exactly what the file is and allowed
/// nothing else. ffmpeg parses hostile input in C, so everything that could be asked of it is taken away beforehand.
/// </summary>
sealed class ExternalDecoder(AudioDecoderSettings settings)
{
    // Only sound; pictures and film inside an audio file meet no decoder.
    const string Codecs =
        "flac,alac,aac,vorbis,libvorbis,opus,libopus,mp1float,mp2float,mp3float,mp1,mp2,mp3,amrnb,amrwb,"
        + "pcm_s8,pcm_u8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,"
        + "pcm_alaw,pcm_mulaw,adpcm_ms,adpcm_ima_wav,adpcm_ima_qt,gsm,gsm_ms";

    // One channel of bare samples. Without the limit, float channels are added up instead of averaged: stereo would be louder than its own channels.
    static readonly string[] MixedOutput = ["-ac", "1", "-rematrix_maxval", "1", "-f", "f32le"];

    // All channels behind the header of an AU file, which says how many they are. It is the plainest header that ffmpeg writes.
    static readonly string[] ChannelsOutput = ["-c:a", "pcm_f32be", "-f", "au"];

    /// <summary>Appends the decoded file, its channels mixed, to <paramref name="pcm"/>; ffmpeg is gone when this returns or throws.</summary>
    /// <exception cref="InvalidAudioException">ffmpeg is missing, or the file is damaged, too long or takes too long.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public void Decode(string path, AudioContainer container, PcmBuilder pcm, CancellationToken cancellation)
    {
        var end = Run(path, container, MixedOutput, pcm.MaxSamples, read => ReadSamples(read, pcm), cancellation);
        CheckEnd(end, pcm.SampleCount);
    }

    /// <summary>Appends every channel of the decoded file to its place in <paramref name="channels"/>; else like <see cref="Decode"/>.</summary>
    public void DecodeChannels(string path, AudioContainer container, ChannelBuilder channels, CancellationToken cancellation)
    {
        var end = Run(path, container, ChannelsOutput, channels.MaxSamples, read => AuStream.Read(read, channels), cancellation);
        CheckEnd(end, channels.SampleCount);
    }

    ChildEnd Run(
        string path, AudioContainer container, string[] output, int maxSamples, Action<Func<Memory<byte>, int>> read, CancellationToken cancellation)
    {
        var program = ProgramFinder.Find(settings.Ffmpeg) ?? throw AudioErrors.FfmpegMissing(settings.Ffmpeg);
        var arguments = Arguments(path, DemuxerOf(container), (double)maxSamples / PcmAudio.SampleRate, output);

        using var deadline = new CancellationTokenSource(settings.FfmpegTimeLimit);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            return ChildProcess.Run(program, arguments, settings.FfmpegTimeLimit, read, either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw AudioErrors.TookTooLong(settings.FfmpegTimeLimit);
        }
        catch (OperationCanceledException)
        {
            throw new OperationCanceledException(cancellation);
        }
    }

    void CheckEnd(ChildEnd end, int samples)
    {
        var report = new InvalidDataException($"ffmpeg ended with code {end.ExitCode}: {end.Complaints}");
        if (end.CouldNotRun)
        {
            throw AudioErrors.FfmpegMissing(settings.Ffmpeg, report);
        }

        // Killed by a signal: it crashed or hit a limit, so what it wrote up to there deserves no trust.
        if (end.WasKilled)
        {
            throw AudioErrors.Damaged(report);
        }

        // A file that breaks off or has a bad spot makes some versions of ffmpeg end with an error and others not.
        // What was decoded before is sound, and people send such recordings: the text of that part beats a refusal.
        var failed = end.ExitCode != 0;
        var complained = end.Complaints.Length > 0;
        if ((failed && samples < AudioDecoder.MinSamples) || (complained && samples == 0))
        {
            throw AudioErrors.Damaged(report);
        }
    }

    static List<string> Arguments(string path, string demuxer, double maxSeconds, string[] output) =>
    [
        "-nostdin", "-hide_banner", "-v", "error",
        "-max_alloc", "268435456",
        "-threads", "1",
        // The input: this format and no other, this file and no other, only codecs from the list.
        "-protocol_whitelist", "file",
        "-format_whitelist", demuxer,
        "-codec_whitelist", Codecs,
        "-max_streams", "8",
        "-probesize", "1000000",
        "-analyzeduration", "5000000",
        "-f", demuxer,
        // One second more than is accepted, so that "too long" can be told from "just long enough".
        "-t", (maxSeconds + 1).ToString("0.###", CultureInfo.InvariantCulture),
        // A real file, not a pipe: the index of an MP4 file may stand at its end. "file:" keeps any character of the path a mere character.
        "-i", "file:" + Path.GetFullPath(path),
        // The output: the first sound track, and nothing that could come from its labels.
        "-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "-1",
        "-ar", PcmAudio.SampleRate.ToString(CultureInfo.InvariantCulture),
        .. output, "pipe:1",
    ];

    static string DemuxerOf(AudioContainer container) => container switch
    {
        AudioContainer.Wav => "wav",
        AudioContainer.Flac => "flac",
        AudioContainer.Mp3 => "mp3",
        AudioContainer.Aac => "aac",
        AudioContainer.Mp4 => "mov",
        AudioContainer.Mpeg => "mpeg",
        AudioContainer.Ogg => "ogg",
        AudioContainer.Matroska => "matroska",
        AudioContainer.Aiff => "aiff",
        AudioContainer.Amr => "amr",
        AudioContainer.Caf => "caf",
        _ => throw new ArgumentOutOfRangeException(nameof(container), container, "No format that ffmpeg is asked for."),
    };

    static void ReadSamples(Func<Memory<byte>, int> readBytes, PcmBuilder pcm)
    {
        var bytes = new byte[64 * 1024];
        var samples = new float[bytes.Length / sizeof(float)];
        var filled = 0;
        for (int read; (read = readBytes(bytes.AsMemory(filled))) > 0;)
        {
            filled += read;
            var block = samples.AsSpan(0, filled / sizeof(float));
            Wav.WavSamples.ToFloats(Wav.WavCoding.Float32, bytes.AsSpan(0, block.Length * sizeof(float)), block);
            pcm.Append(block);

            // A pipe cuts anywhere, also within a sample.
            var used = block.Length * sizeof(float);
            bytes.AsSpan(used, filled - used).CopyTo(bytes);
            filled -= used;
        }
    }
}
