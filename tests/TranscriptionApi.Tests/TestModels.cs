using System.Buffers.Binary;

namespace TranscriptionApi.Tests;

/// <summary>Model files that look like models to the catalog; what they say is up to the scripted engine.</summary>
static class TestModels
{
    public const string Default = "alpha";
    public const string Other = "beta.en";

    /// <summary>Puts the header of a ggml file for each model into the folder of pulled models.</summary>
    public static void Write(string dataFolder)
    {
        int[] header = [0x67676d6c, 51_865, 1500, 384, 6, 4, 448, 384, 6, 4, 80, 1];
        var bytes = new byte[header.Length * 4];
        for (var i = 0; i < header.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(i * 4), header[i]);
        }

        var folder = Directory.CreateDirectory(Path.Combine(dataFolder, "models")).FullName;
        File.WriteAllBytes(Path.Combine(folder, $"ggml-{Default}.bin"), bytes);
        File.WriteAllBytes(Path.Combine(folder, $"ggml-{Other}.bin"), bytes);
    }
}
