using System.Buffers.Binary;

namespace TranscriptionApi.Tests.Catalog;

/// <summary>An empty folder of its own for one test, gone when the test is.</summary>
sealed class TestFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("models-test-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);

    /// <summary>Writes the header of a Whisper file: all the catalog looks at.</summary>
    public void WriteModel(string name, int magic = 0x67676d6c, int vocabulary = 51865, int mels = 80)
    {
        int[] fields = [magic, vocabulary, 1500, 192, 3, 4, 448, 192, 3, 3, mels, 1];
        var bytes = new byte[fields.Length * 4];
        for (var i = 0; i < fields.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(i * 4), fields[i]);
        }

        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(this[name])!);
        File.WriteAllBytes(this[name], bytes);
    }
}
