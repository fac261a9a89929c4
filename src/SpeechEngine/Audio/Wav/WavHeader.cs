using System.Buffers.Binary;

namespace SpeechEngine.Audio.Wav;

/// <summary>How one sample is written.</summary>
enum WavCoding
{
    Unsigned8,
    Signed16,
    Signed24,
    Signed32,
    Float32,
    Float64,
    ALaw,
    MuLaw,

    /// <summary>ADPCM, GSM or MPEG inside WAV: ffmpeg's business.</summary>
    Compressed,
}

/// <summary>
/// What a WAV file holds and where. Sizes in the file are claims: everything here is checked against the real length,
/// so that the reader of the samples can trust it.
/// </summary>
readonly record struct WavHeader(WavCoding Coding, int Channels, int SampleRate, int FrameBytes, long DataStart, long DataBytes)
{
    public const int MaxChannels = 64;
    const int MinSampleRate = 1_000;
    const int MaxSampleRate = 768_000;
    // Broadcast files carry dozens of chunks; a file of nothing but empty chunks would keep a processor busy.
    const int MaxChunks = 100_000;
    const int RiffHeaderBytes = 12;
    const int ChunkHeaderBytes = 8;
    const uint UnknownSize = 0xFFFF_FFFF;

    public long FrameCount => DataBytes / FrameBytes;

    /// <summary>Reads the chunks of <paramref name="file"/> up to the samples; moves the position.</summary>
    /// <exception cref="InvalidAudioException">The header contradicts itself, or asks for what is not supported.</exception>
    public static WavHeader Read(Stream file)
    {
        Span<byte> chunk = stackalloc byte[ChunkHeaderBytes];
        Format? format = null;
        (long Start, long Bytes)? data = null;
        var longDataBytes = 0L;

        var chunks = 0;
        for (long position = RiffHeaderBytes; position + ChunkHeaderBytes <= file.Length;)
        {
            if (++chunks > MaxChunks)
            {
                throw AudioErrors.DamagedWav("it has too many chunks");
            }

            file.Position = position;
            file.ReadExactly(chunk);
            var body = position + ChunkHeaderBytes;
            var size = BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);

            if (chunk.StartsWith("fmt "u8))
            {
                format ??= Format.Read(file, size);
            }
            else if (chunk.StartsWith("ds64"u8))
            {
                longDataBytes = ReadLongDataBytes(file, size);
            }
            else if (chunk.StartsWith("data"u8))
            {
                data ??= (body, size == 0 && IsChunk(file, body) ? 0 : DataBytesWithin(file.Length - body, size, longDataBytes));
            }

            if (format is not null && data is not null)
            {
                break;
            }

            position = body + size + (size & 1); // chunks start at even places
        }

        var known = format ?? throw AudioErrors.DamagedWav("it has no fmt chunk");
        var (start, bytes) = data ?? throw AudioErrors.DamagedWav("it has no data chunk");
        return new WavHeader(known.Coding, known.Channels, known.SampleRate, known.FrameBytes, start, bytes);
    }

    // A writer that streams cannot know the size beforehand and leaves 0 or all ones: the samples go on to the end.
    static long DataBytesWithin(long available, uint size, long longDataBytes) => size switch
    {
        UnknownSize when longDataBytes > 0 => Math.Min(longDataBytes, available),
        0 or UnknownSize => available,
        _ => Math.Min(size, available),
    };

    // Behind an empty data chunk stand other chunks, behind an unknown size stand samples.
    static bool IsChunk(Stream file, long position)
    {
        Span<byte> chunk = stackalloc byte[ChunkHeaderBytes];
        file.Position = position;
        return file.ReadAtLeast(chunk, chunk.Length, throwOnEndOfStream: false) == chunk.Length
            && !chunk[..4].ContainsAnyExceptInRange((byte)' ', (byte)'~')
            && position + ChunkHeaderBytes + BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]) <= file.Length;
    }

    // RF64 keeps sizes beyond 4 GiB in a chunk of their own: whole file, then data.
    static long ReadLongDataBytes(Stream file, uint size)
    {
        Span<byte> sizes = stackalloc byte[16];
        if (size < sizes.Length || file.ReadAtLeast(sizes, sizes.Length, throwOnEndOfStream: false) < sizes.Length)
        {
            throw AudioErrors.DamagedWav("its ds64 chunk is cut short");
        }

        return BinaryPrimitives.ReadInt64LittleEndian(sizes[8..]);
    }

    /// <summary>The fmt chunk, checked.</summary>
    readonly record struct Format(WavCoding Coding, int Channels, int SampleRate, int FrameBytes)
    {
        const int PlainBytes = 16;
        const int ExtensibleBytes = 40;
        const ushort ExtensibleTag = 0xFFFE;

        // An extensible format names its coding by a GUID: the old tag followed by these bytes.
        static ReadOnlySpan<byte> GuidTail => [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];

        public static Format Read(Stream file, uint size)
        {
            Span<byte> buffer = stackalloc byte[ExtensibleBytes];
            var wanted = (int)Math.Min(size, ExtensibleBytes);
            var fmt = buffer[..file.ReadAtLeast(buffer[..wanted], wanted, throwOnEndOfStream: false)];
            if (fmt.Length < PlainBytes)
            {
                throw AudioErrors.DamagedWav("its fmt chunk is cut short");
            }

            var tag = BinaryPrimitives.ReadUInt16LittleEndian(fmt);
            var channels = BinaryPrimitives.ReadUInt16LittleEndian(fmt[2..]);
            var sampleRate = BinaryPrimitives.ReadUInt32LittleEndian(fmt[4..]);
            var frameBytes = BinaryPrimitives.ReadUInt16LittleEndian(fmt[12..]);
            var bits = BinaryPrimitives.ReadUInt16LittleEndian(fmt[14..]);
            if (tag == ExtensibleTag)
            {
                tag = ReadExtensibleTag(fmt);
            }

            CheckRanges(channels, sampleRate);
            var coding = CodingOf(tag, bits);
            if (coding != WavCoding.Compressed && frameBytes != channels * bits / 8)
            {
                throw AudioErrors.DamagedWav($"{channels} channels of {bits} bits do not make frames of {frameBytes} bytes");
            }

            return new Format(coding, channels, (int)sampleRate, frameBytes);
        }

        static ushort ReadExtensibleTag(ReadOnlySpan<byte> fmt)
        {
            if (fmt.Length < ExtensibleBytes)
            {
                throw AudioErrors.DamagedWav("its fmt chunk is cut short");
            }

            return fmt[26..].SequenceEqual(GuidTail)
                ? BinaryPrimitives.ReadUInt16LittleEndian(fmt[24..])
                : throw AudioErrors.UnsupportedWav("its coding is unknown");
        }

        static void CheckRanges(int channels, uint sampleRate)
        {
            if (channels == 0)
            {
                throw AudioErrors.DamagedWav("it has no channels");
            }

            if (channels > MaxChannels)
            {
                throw AudioErrors.UnsupportedWav($"it has {channels} channels, the limit is {MaxChannels}");
            }

            if (sampleRate == 0)
            {
                throw AudioErrors.DamagedWav("its sample rate is 0");
            }

            if (sampleRate is < MinSampleRate or > MaxSampleRate)
            {
                throw AudioErrors.UnsupportedWav($"its sample rate is {sampleRate} Hz, accepted are {MinSampleRate} to {MaxSampleRate}");
            }
        }

        static WavCoding CodingOf(ushort tag, ushort bits) => (tag, bits) switch
        {
            (1 or 3 or 6 or 7, 0) => throw AudioErrors.DamagedWav("its samples have 0 bits"),
            (1, 8) => WavCoding.Unsigned8,
            (1, 16) => WavCoding.Signed16,
            (1, 24) => WavCoding.Signed24,
            (1, 32) => WavCoding.Signed32,
            (3, 32) => WavCoding.Float32,
            (3, 64) => WavCoding.Float64,
            (6, 8) => WavCoding.ALaw,
            (7, 8) => WavCoding.MuLaw,
            (1 or 3 or 6 or 7, _) => throw AudioErrors.UnsupportedWav($"samples of {bits} bits"),
            (0x02 or 0x11 or 0x31 or 0x50 or 0x55, _) => WavCoding.Compressed, // ADPCM, IMA ADPCM, GSM 6.10, MPEG, MP3
            _ => throw AudioErrors.UnsupportedWav($"its coding 0x{tag:X4} is unknown"),
        };
    }
}
