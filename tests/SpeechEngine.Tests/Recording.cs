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

    /// <summary>Clips one after the other, each followed by so many seconds of a faint hiss.</summary>
    public static PcmAudio Join(params (string? Clip, double Pause)[] parts)
    {
        var random = new Random(1);
        var samples = new List<float>();
        foreach (var (clip, pause) in parts)
        {
            if (clip is not null)
            {
                using var audio = Read(TestFiles.Data("clips", clip));
                samples.AddRange(audio.Samples);
            }

            samples.AddRange(Enumerable.Range(0, (int)(pause * 16_000)).Select(_ => ((float)random.NextDouble() - 0.5f) * 0.001f));
        }

        return PcmAudio.FromSamples([.. samples]);
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
