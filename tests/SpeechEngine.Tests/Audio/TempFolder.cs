namespace SpeechEngine.Tests.Audio;

/// <summary>A folder of its own for one test, gone afterwards.</summary>
sealed class TempFolder : IDisposable
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("speech-engine-tests-");

    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    public string Write(string name, byte[] content)
    {
        File.WriteAllBytes(PathOf(name), content);
        return PathOf(name);
    }

    /// <summary>A WAV file of 64 channels and 100 GiB.</summary>
    public string WriteHugeWav()
    {
        var path = Write("long", WavFile.Riff(WavFile.Fmt(WavFile.Pcm, 64, 768_000, 32), WavFile.Chunk("data", [], 0xFFFF_FFFF)));
        using var file = File.OpenWrite(path);
        file.SetLength(100L << 30); // a hole: takes no room on the disk
        return path;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
