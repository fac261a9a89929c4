using System.Buffers.Binary;
using SpeechEngine.Audio.Wav;

namespace SpeechEngine.Audio;

/// <summary>
/// Reads what ffmpeg writes as Sun's AU format: six big-endian words (".snd", where the samples begin, their bytes, coding, rate,
/// channels), free text up to the samples, then frames of 32-bit floats. Only what ffmpeg was asked for is taken.
/// </summary>
static class AuStream
{
    const int HeaderBytes = 24;
    const int MaxHeaderBytes = 64 * 1024;
    const uint Magic = 0x2E73_6E64; // ".snd"
    const uint Float32Coding = 6;
    const int BlockBytes = 64 * 1024;

    /// <summary>Appends all whole frames to <paramref name="channels"/>; a stream that ends before the first one appends nothing.</summary>
    /// <exception cref="InvalidAudioException">More channels or samples than are accepted, or a header that was not asked for.</exception>
    public static void Read(Func<Memory<byte>, int> readBytes, ChannelBuilder channels)
    {
        var bytes = new byte[BlockBytes];
        if (Fill(readBytes, bytes.AsMemory(0, HeaderBytes)) < HeaderBytes)
        {
            return; // ffmpeg's end says why
        }

        var (textBytes, count) = ReadHeader(bytes);
        if (Fill(readBytes, bytes.AsMemory(0, textBytes)) < textBytes)
        {
            return;
        }

        channels.Begin(count);
        var frameBytes = count * sizeof(float);
        var samples = new float[BlockBytes / sizeof(float)];
        var filled = 0;
        for (int read; (read = readBytes(bytes.AsMemory(filled))) > 0;)
        {
            filled += read;
            var used = filled - (filled % frameBytes);
            channels.AppendInterleaved(ToFloats(bytes.AsSpan(0, used), samples));

            // A pipe cuts anywhere, also within a frame.
            bytes.AsSpan(used, filled - used).CopyTo(bytes);
            filled -= used;
        }
    }

    static (int TextBytes, int Channels) ReadHeader(ReadOnlySpan<byte> header)
    {
        var start = Word(header, 1);
        var channels = Word(header, 5);
        if (Word(header, 0) != Magic || Word(header, 3) != Float32Coding || Word(header, 4) != PcmAudio.SampleRate
            || start is < HeaderBytes or > MaxHeaderBytes || channels == 0)
        {
            throw AudioErrors.Damaged(new InvalidDataException($"ffmpeg did not write the AU file asked for: {Convert.ToHexString(header[..HeaderBytes])}"));
        }

        return channels <= WavHeader.MaxChannels
            ? ((int)start - HeaderBytes, (int)channels)
            : throw AudioErrors.TooManyChannels(channels, WavHeader.MaxChannels);
    }

    static uint Word(ReadOnlySpan<byte> header, int index) => BinaryPrimitives.ReadUInt32BigEndian(header[(index * sizeof(uint))..]);

    static int Fill(Func<Memory<byte>, int> readBytes, Memory<byte> buffer)
    {
        var filled = 0;
        for (int read; filled < buffer.Length && (read = readBytes(buffer[filled..])) > 0;)
        {
            filled += read;
        }

        return filled;
    }

    static ReadOnlySpan<float> ToFloats(ReadOnlySpan<byte> bytes, Span<float> samples)
    {
        var block = samples[..(bytes.Length / sizeof(float))];
        for (var i = 0; i < block.Length; i++)
        {
            block[i] = FiniteSamples.Enforce(BinaryPrimitives.ReadSingleBigEndian(bytes[(i * sizeof(float))..]));
        }

        return block;
    }
}
