using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace SpeechEngine.Audio.Wav;

/// <summary>Bytes of a WAV file to floats with full scale at ±1, and many channels to their mean or to one of them.</summary>
static class WavSamples
{
    // Powers of two: the multiplication is exact, so 16-bit samples come out as value / 32768 to the last bit.
    const float Scale8 = 1f / (1 << 7);
    const float Scale16 = 1f / (1 << 15);
    const float Scale32 = 1f / (1u << 31);

    static readonly float[] ALawTable = MakeTable(ALawToInt16);
    static readonly float[] MuLawTable = MakeTable(MuLawToInt16);

    /// <summary>Converts as many samples as <paramref name="samples"/> has room for; <paramref name="bytes"/> holds exactly those.</summary>
    public static void ToFloats(WavCoding coding, ReadOnlySpan<byte> bytes, Span<float> samples)
    {
        switch (coding)
        {
            case WavCoding.Unsigned8:
                FromUnsigned8(bytes, samples);
                break;
            case WavCoding.Signed16:
                FromSigned16(bytes, samples);
                break;
            case WavCoding.Signed24:
                FromSigned24(bytes, samples);
                break;
            case WavCoding.Signed32:
                FromSigned32(bytes, samples);
                break;
            case WavCoding.Float32:
                FromFloat32(bytes, samples);
                break;
            case WavCoding.Float64:
                FromFloat64(bytes, samples);
                break;
            case WavCoding.ALaw:
                FromTable(ALawTable, bytes, samples);
                break;
            case WavCoding.MuLaw:
                FromTable(MuLawTable, bytes, samples);
                break;
            default:
                throw new UnreachableException($"{coding} has no samples of its own.");
        }
    }

    /// <summary>Averages the channels of each frame.</summary>
    public static void ToMono(ReadOnlySpan<float> interleaved, int channels, Span<float> mono)
    {
        switch (channels)
        {
            case 1:
                interleaved.CopyTo(mono);
                break;
            case 2:
                for (var i = 0; i < mono.Length; i++)
                {
                    mono[i] = (interleaved[2 * i] + interleaved[(2 * i) + 1]) * 0.5f;
                }

                break;
            default:
                for (var i = 0; i < mono.Length; i++)
                {
                    var sum = 0f;
                    foreach (var sample in interleaved.Slice(i * channels, channels))
                    {
                        sum += sample;
                    }

                    mono[i] = sum / channels;
                }

                break;
        }
    }

    /// <summary>Takes one channel, counted from 0, out of each frame.</summary>
    public static void ToChannel(ReadOnlySpan<float> interleaved, int channel, int channels, Span<float> one)
    {
        for (int i = 0, from = channel; i < one.Length; i++, from += channels)
        {
            one[i] = interleaved[from];
        }
    }

    static void FromUnsigned8(ReadOnlySpan<byte> bytes, Span<float> samples)
    {
        for (var i = 0; i < samples.Length; i++)
        {
            samples[i] = (bytes[i] - 128) * Scale8;
        }
    }

    static void FromSigned16(ReadOnlySpan<byte> bytes, Span<float> samples)
    {
        var values = MemoryMarshal.Cast<byte, short>(bytes)[..samples.Length];
        for (var i = 0; i < values.Length; i++)
        {
            samples[i] = LittleEndian(values[i]) * Scale16;
        }
    }

    static void FromSigned24(ReadOnlySpan<byte> bytes, Span<float> samples)
    {
        for (var i = 0; i < samples.Length; i++)
        {
            // In the upper three bytes of an int, the sign comes by itself.
            var value = (bytes[3 * i] << 8) | (bytes[(3 * i) + 1] << 16) | (bytes[(3 * i) + 2] << 24);
            samples[i] = value * Scale32;
        }
    }

    static void FromSigned32(ReadOnlySpan<byte> bytes, Span<float> samples)
    {
        var values = MemoryMarshal.Cast<byte, int>(bytes)[..samples.Length];
        for (var i = 0; i < values.Length; i++)
        {
            samples[i] = LittleEndian(values[i]) * Scale32;
        }
    }

    static void FromFloat32(ReadOnlySpan<byte> bytes, Span<float> samples)
    {
        for (var i = 0; i < samples.Length; i++)
        {
            samples[i] = FiniteSamples.Enforce(BinaryPrimitives.ReadSingleLittleEndian(bytes[(4 * i)..]));
        }
    }

    static void FromFloat64(ReadOnlySpan<byte> bytes, Span<float> samples)
    {
        for (var i = 0; i < samples.Length; i++)
        {
            samples[i] = FiniteSamples.Enforce((float)BinaryPrimitives.ReadDoubleLittleEndian(bytes[(8 * i)..]));
        }
    }

    static void FromTable(float[] table, ReadOnlySpan<byte> bytes, Span<float> samples)
    {
        for (var i = 0; i < samples.Length; i++)
        {
            samples[i] = table[bytes[i]];
        }
    }

    static short LittleEndian(short value) => BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value);

    static int LittleEndian(int value) => BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value);

    static float[] MakeTable(Func<byte, int> toInt16)
    {
        var table = new float[256];
        for (var code = 0; code < table.Length; code++)
        {
            table[code] = toInt16((byte)code) * Scale16;
        }

        return table;
    }

    // ITU-T G.711: sign, three bits of exponent, four of mantissa; every other bit is inverted on the line.
    static int ALawToInt16(byte code)
    {
        var bits = code ^ 0x55;
        var exponent = (bits >> 4) & 7;
        var mantissa = ((bits & 0xF) << 4) + 8;
        var magnitude = exponent == 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
        return (bits & 0x80) != 0 ? magnitude : -magnitude;
    }

    // ITU-T G.711: as above with a bias of 33 (here times 4) and all bits inverted on the line.
    static int MuLawToInt16(byte code)
    {
        const int Bias = 0x84;
        var bits = ~code;
        var exponent = (bits >> 4) & 7;
        var magnitude = ((((bits & 0xF) << 3) + Bias) << exponent) - Bias;
        return (bits & 0x80) != 0 ? -magnitude : magnitude;
    }
}
