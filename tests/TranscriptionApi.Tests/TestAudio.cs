using System.Buffers.Binary;
using System.Text;
using SpeechEngine.Audio;

namespace TranscriptionApi.Tests;

/// <summary>WAV files made on the spot.</summary>
static class TestAudio
{
    const int HeaderBytes = 44;

    /// <summary>A clean 16 kHz mono 16-bit WAV file with a quiet tone.</summary>
    public static byte[] Wav(double seconds = 2)
    {
        var samples = (int)(seconds * PcmAudio.SampleRate);
        var file = new byte[HeaderBytes + (samples * 2)];
        Header(samples * 2).CopyTo(file, 0);
        for (var i = 0; i < samples; i++)
        {
            BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(HeaderBytes + (i * 2)), (short)(1000 * Math.Sin(i * 0.1)));
        }

        return file;
    }

    /// <summary>A 16 kHz WAV file of 32-bit floats with a tone on each channel, as loud as told (1 is full scale).</summary>
    public static byte[] Channels(double seconds, params float[] amplitudes)
    {
        var frames = (int)(seconds * PcmAudio.SampleRate);
        var file = new byte[HeaderBytes + (frames * amplitudes.Length * sizeof(float))];
        Header(file.Length - HeaderBytes, amplitudes.Length, bits: 32, format: 3).CopyTo(file, 0);
        for (var i = 0; i < frames * amplitudes.Length; i++)
        {
            var sample = amplitudes[i % amplitudes.Length] * MathF.Sin(i / amplitudes.Length * 0.1f);
            BinaryPrimitives.WriteSingleLittleEndian(file.AsSpan(HeaderBytes + (i * sizeof(float))), sample);
        }

        return file;
    }

    /// <summary>A WAV header that may lie about anything.</summary>
    public static byte[] Header(int dataBytes, int channels = 1, uint rate = PcmAudio.SampleRate, int bits = 16, int format = 1)
    {
        var header = new byte[HeaderBytes];
        Encoding.ASCII.GetBytes("RIFF").CopyTo(header, 0);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), (uint)(HeaderBytes - 8 + dataBytes));
        Encoding.ASCII.GetBytes("WAVEfmt ").CopyTo(header, 8);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(16), 16);
        BinaryPrimitives.WriteInt16LittleEndian(header.AsSpan(20), (short)format);
        BinaryPrimitives.WriteInt16LittleEndian(header.AsSpan(22), (short)channels);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(24), rate);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(28), unchecked(rate * (uint)(channels * bits / 8)));
        BinaryPrimitives.WriteInt16LittleEndian(header.AsSpan(32), (short)(channels * bits / 8));
        BinaryPrimitives.WriteInt16LittleEndian(header.AsSpan(34), (short)bits);
        Encoding.ASCII.GetBytes("data").CopyTo(header, 36);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(40), dataBytes);
        return header;
    }
}
