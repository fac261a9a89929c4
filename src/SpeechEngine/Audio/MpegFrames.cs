namespace SpeechEngine.Audio;

/// <summary>
/// Recognises MPEG audio that has no file header: a run of frames, each of which says where the next one starts.
/// One frame header alone is 11 set bits, which any file may hold by chance; three that agree are no accident.
/// </summary>
static class MpegFrames
{
    const int FramesThatAgree = 3;

    // A recording cut out of a broadcast starts in the middle of a frame; the longest one (layer II, 384 kbit/s at 32 kHz) has 1729 bytes.
    const int LongestMp3Frame = 1729;

    static ReadOnlySpan<short> Mpeg1Layer1 => [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448];
    static ReadOnlySpan<short> Mpeg1Layer2 => [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384];
    static ReadOnlySpan<short> Mpeg1Layer3 => [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
    static ReadOnlySpan<short> Mpeg2Layer1 => [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256];
    static ReadOnlySpan<short> Mpeg2Layers2And3 => [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    static ReadOnlySpan<int> Mpeg1Rates => [44_100, 48_000, 32_000];

    /// <summary>Whether MPEG audio of layer I, II or III starts within the first frame's length of <paramref name="head"/>.</summary>
    public static bool StartMp3(ReadOnlySpan<byte> head)
    {
        for (var offset = 0; offset < LongestMp3Frame && offset < head.Length; offset++)
        {
            if (head[offset] == 0xFF && IsMp3Run(head[offset..]))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether <paramref name="head"/> starts with AAC frames in ADTS form.</summary>
    public static bool StartAac(ReadOnlySpan<byte> head)
    {
        for (var frame = 0; frame < FramesThatAgree; frame++)
        {
            var length = AacFrameBytes(head);
            if (length == 0)
            {
                return false;
            }

            head = head[Math.Min(length, head.Length)..];
        }

        return true;
    }

    static bool IsMp3Run(ReadOnlySpan<byte> head)
    {
        var first = head;
        for (var frame = 0; frame < FramesThatAgree; frame++)
        {
            var length = Mp3FrameBytes(head);
            var agrees = length > 0 && (head[1] & 0xFE) == (first[1] & 0xFE) && (head[2] & 0x0C) == (first[2] & 0x0C);
            if (!agrees)
            {
                return false;
            }

            head = head[Math.Min(length, head.Length)..];
        }

        return true;
    }

    // 0 when the bytes are no frame header.
    static int Mp3FrameBytes(ReadOnlySpan<byte> head)
    {
        if (head.Length < 4 || head[0] != 0xFF || (head[1] & 0xE0) != 0xE0)
        {
            return 0;
        }

        var version = (head[1] >> 3) & 3; // 0: MPEG 2.5, 2: MPEG 2, 3: MPEG 1
        var layer = 4 - ((head[1] >> 1) & 3);
        var bitrateIndex = head[2] >> 4;
        var rateIndex = (head[2] >> 2) & 3;
        if (version == 1 || layer == 4 || bitrateIndex is 0 or 15 || rateIndex == 3)
        {
            return 0;
        }

        var isMpeg1 = version == 3;
        var bitrates = (isMpeg1, layer) switch
        {
            (true, 1) => Mpeg1Layer1,
            (true, 2) => Mpeg1Layer2,
            (true, _) => Mpeg1Layer3,
            (false, 1) => Mpeg2Layer1,
            (false, _) => Mpeg2Layers2And3,
        };
        var bitsPerSecond = bitrates[bitrateIndex - 1] * 1000;
        var sampleRate = Mpeg1Rates[rateIndex] >> (version switch { 3 => 0, 2 => 1, _ => 2 });
        var padding = (head[2] >> 1) & 1;

        return layer switch
        {
            1 => ((12 * bitsPerSecond / sampleRate) + padding) * 4,
            3 when !isMpeg1 => (72 * bitsPerSecond / sampleRate) + padding,
            _ => (144 * bitsPerSecond / sampleRate) + padding,
        };
    }

    // 0 when the bytes are no frame header.
    static int AacFrameBytes(ReadOnlySpan<byte> head)
    {
        const int HeaderBytes = 7;
        const int SampleRates = 13;
        if (head.Length < HeaderBytes || head[0] != 0xFF || (head[1] & 0xF6) != 0xF0 || ((head[2] >> 2) & 0xF) >= SampleRates)
        {
            return 0;
        }

        var length = ((head[3] & 3) << 11) | (head[4] << 3) | (head[5] >> 5);
        return length >= HeaderBytes ? length : 0;
    }
}
