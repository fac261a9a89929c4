namespace TranscriptionApi.Tests.Jobs.Work;

/// <summary>Recordings of any length, joined from the clips of the test data.</summary>
static class Recordings
{
    const int Header = 44;

    public static byte[] Sample { get; } = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "samples", "sample-en.wav"));

    /// <summary>At least so long; 16 kHz mono 16-bit.</summary>
    public static byte[] Of(TimeSpan length)
    {
        var clips = Directory.GetFiles(Path.Combine(Root(), "tests", "data", "clips"), "*.wav").Order(StringComparer.Ordinal).Select(path => File.ReadAllBytes(path)[Header..]).ToList();
        var samples = new List<byte>();
        for (var i = 0; samples.Count < length.TotalSeconds * 32_000; i++)
        {
            samples.AddRange(clips[i % clips.Count]);
        }

        return [.. TestAudio.Header(samples.Count), .. samples];
    }

    static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "TranscriptionApi.sln")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }
}
