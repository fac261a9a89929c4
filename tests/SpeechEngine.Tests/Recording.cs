using System.Buffers.Binary;
using SpeechEngine.Audio;

namespace SpeechEngine.Tests;

/// <summary>Reads the 16 kHz mono 16-bit files of the test data without the decoder under test.</summary>
static class Recording
{
    const int HeaderBytes = 44;

    public static PcmAudio Read(string path)
    {
        var bytes = File.ReadAllBytes(path).AsSpan(HeaderBytes);
        var audio = new PcmAudio(bytes.Length / 2);
        for (var i = 0; i < audio.SampleCount; i++)
        {
            audio.Samples[i] = BinaryPrimitives.ReadInt16LittleEndian(bytes[(2 * i)..]) / 32768f;
        }

        return audio;
    }
}
