using System.Buffers.Binary;
using System.Text;

namespace SpeechEngine.Tests.Audio;

/// <summary>Puts WAV files together from parts, correct or not.</summary>
static class WavFile
{
    public const int Pcm = 1;
    public const int Float = 3;
    public const int ALaw = 6;
    public const int MuLaw = 7;
    public const int Extensible = 0xFFFE;

    /// <summary>A correct file.</summary>
    public static byte[] Make(int rate, int channels, int bits, byte[] data, int tag = Pcm) =>
        Riff(Fmt(tag, channels, rate, bits), Chunk("data", data));

    /// <summary>A correct 16-bit file; the values are all channels in turn.</summary>
    public static byte[] Make16(int rate, int channels, params short[] values) =>
        Make(rate, channels, 16, Bytes16(values));

    public static byte[] Bytes16(short[] values)
    {
        var bytes = new byte[values.Length * 2];
        for (var i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(2 * i), values[i]);
        }

        return bytes;
    }

    public static byte[] Riff(params byte[][] chunks) => Riff("RIFF", chunks);

    public static byte[] Riff(string id, byte[][] chunks)
    {
        byte[] body = [.. "WAVE"u8, .. chunks.SelectMany(chunk => chunk)];
        return [.. Encoding.ASCII.GetBytes(id), .. UInt32((uint)body.Length), .. body];
    }

    /// <summary>A chunk; <paramref name="size"/> is what it claims, by default the truth.</summary>
    public static byte[] Chunk(string id, byte[] body, uint? size = null) =>
        [.. Encoding.ASCII.GetBytes(id), .. UInt32(size ?? (uint)body.Length), .. body, .. new byte[body.Length % 2]];

    public static byte[] Fmt(int tag, int channels, uint rate, int bits, int? frameBytes = null) =>
        Chunk("fmt ", FmtBody(tag, channels, rate, bits, frameBytes));

    public static byte[] Fmt(int tag, int channels, int rate, int bits) => Fmt(tag, channels, (uint)rate, bits);

    public static byte[] FmtExtensible(int tag, int channels, int rate, int bits, byte guidEnd = 0x71) =>
        Chunk(
            "fmt ",
            [
                .. FmtBody(Extensible, channels, (uint)rate, bits, null),
                22, 0, .. UInt16(bits), 0, 0, 0, 0,
                .. UInt16(tag), 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, guidEnd,
            ]);

    public static byte[] UInt32(uint value) => [(byte)value, (byte)(value >> 8), (byte)(value >> 16), (byte)(value >> 24)];

    static byte[] UInt16(int value) => [(byte)value, (byte)(value >> 8)];

    static byte[] FmtBody(int tag, int channels, uint rate, int bits, int? frameBytes)
    {
        var frame = frameBytes ?? channels * bits / 8;
        return [.. UInt16(tag), .. UInt16(channels), .. UInt32(rate), .. UInt32(rate * (uint)frame), .. UInt16(frame), .. UInt16(bits)];
    }
}
