using System.Buffers.Binary;
using SpeechEngine.Audio;

namespace SpeechEngine.Tests;

/// <summary>Reads the 16 kHz mono 16-bit files of the test data without the decoder under test.</summary>
static class Recording
{
    public static PcmAudio Read(string path)
    {
        var bytes = DataOf(File.ReadAllBytes(path));
        var audio = new PcmAudio(bytes.Length / 2);
        for (var i = 0; i < audio.SampleCount; i++)
        {
            audio.Samples[i] = BinaryPrimitives.ReadInt16LittleEndian(bytes[(2 * i)..]) / 32768f;
        }

        return audio;
    }

    // Some writers put a chunk with their name before the samples.
    static Span<byte> DataOf(Span<byte> file)
    {
        var at = 12;
        while (!file.Slice(at, 4).SequenceEqual("data"u8))
        {
            at += 8 + BinaryPrimitives.ReadInt32LittleEndian(file[(at + 4)..]);
        }

        return file.Slice(at + 8, BinaryPrimitives.ReadInt32LittleEndian(file[(at + 4)..]));
    }
}
