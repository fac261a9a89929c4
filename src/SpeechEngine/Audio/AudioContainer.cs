namespace SpeechEngine.Audio;

/// <summary>The file formats that are accepted.</summary>
enum AudioContainer
{
    Unknown,
    Wav,
    Flac,
    Mp3,
    Aac,
    Mp4,
    Mpeg,
    Ogg,
    Matroska,
    Aiff,
    Amr,
    Caf,
}

/// <summary>
/// Recognises a container by its first bytes. Only formats that hold their own audio are listed: a playlist or a
/// concatenation script makes ffmpeg open other files and addresses, so none may ever get past this list.
/// </summary>
static class AudioContainers
{
    // Room for the three longest AAC frames in a row.
    const int HeadBytes = 20 * 1024;
    const int MaxId3Tags = 4;

    /// <summary>The container of <paramref name="file"/>; moves the position.</summary>
    public static AudioContainer Recognise(Stream file)
    {
        var buffer = new byte[HeadBytes];
        var offset = 0L;
        var head = ReadHead(file, offset, buffer);

        for (var tags = 0; tags < MaxId3Tags && Id3TagBytes(head) is > 0 and var tagBytes; tags++)
        {
            offset += tagBytes;
            head = ReadHead(file, offset, buffer);
        }

        var found = FromHead(head);
        if (offset == 0)
        {
            return found;
        }

        // What follows a tag is MP3 unless it says otherwise; ffmpeg finds the first frame behind a damaged tag.
        return found is AudioContainer.Flac or AudioContainer.Aac ? found : AudioContainer.Mp3;
    }

    static AudioContainer FromHead(ReadOnlySpan<byte> head) => head switch
    {
        _ when IsWav(head) => AudioContainer.Wav,
        _ when head.StartsWith("fLaC"u8) => AudioContainer.Flac,
        _ when head.StartsWith("OggS\0"u8) => AudioContainer.Ogg,
        [0x1A, 0x45, 0xDF, 0xA3, ..] => AudioContainer.Matroska,
        _ when IsMp4(head) => AudioContainer.Mp4,
        [0x00, 0x00, 0x01, 0xBA, ..] => AudioContainer.Mpeg,
        _ when IsAiff(head) => AudioContainer.Aiff,
        _ when head.StartsWith("#!AMR\n"u8) || head.StartsWith("#!AMR-WB\n"u8) => AudioContainer.Amr,
        _ when head.StartsWith("caff\0\x1"u8) => AudioContainer.Caf,
        _ when MpegFrames.StartAac(head) => AudioContainer.Aac,
        _ when MpegFrames.StartMp3(head) => AudioContainer.Mp3,
        _ => AudioContainer.Unknown,
    };

    static bool IsWav(ReadOnlySpan<byte> head) =>
        head.Length >= 12
        && (head.StartsWith("RIFF"u8) || head.StartsWith("RF64"u8) || head.StartsWith("BW64"u8))
        && head[8..].StartsWith("WAVE"u8);

    static bool IsAiff(ReadOnlySpan<byte> head) =>
        head.Length >= 12
        && head.StartsWith("FORM"u8)
        && (head[8..].StartsWith("AIFF"u8) || head[8..].StartsWith("AIFC"u8));

    // The same box structure carries photographs (heic, avif, jp2): only brands of sound and film pass.
    static bool IsMp4(ReadOnlySpan<byte> head)
    {
        if (head.Length < 12 || !head[4..].StartsWith("ftyp"u8))
        {
            return false;
        }

        var brand = head[8..12];
        return brand.StartsWith("M4"u8)
            || brand.StartsWith("mp4"u8)
            || brand.StartsWith("iso"u8)
            || brand.StartsWith("3g"u8)
            || brand.StartsWith("F4"u8)
            || brand.StartsWith("cmf"u8)
            || brand.SequenceEqual("avc1"u8)
            || brand.SequenceEqual("dash"u8)
            || brand.SequenceEqual("MSNV"u8)
            || brand.SequenceEqual("qt  "u8);
    }

    /// <summary>Length of the ID3v2 tag at the start, 0 when there is none.</summary>
    static long Id3TagBytes(ReadOnlySpan<byte> head)
    {
        const int HeaderBytes = 10;
        if (head.Length < HeaderBytes || !head.StartsWith("ID3"u8) || ((head[6] | head[7] | head[8] | head[9]) & 0x80) != 0)
        {
            return 0;
        }

        var body = (head[6] << 21) | (head[7] << 14) | (head[8] << 7) | head[9];
        var hasFooter = (head[5] & 0x10) != 0;
        return HeaderBytes + body + (hasFooter ? HeaderBytes : 0);
    }

    static ReadOnlySpan<byte> ReadHead(Stream file, long offset, byte[] buffer)
    {
        file.Position = offset;
        return buffer.AsSpan(0, file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false));
    }
}
