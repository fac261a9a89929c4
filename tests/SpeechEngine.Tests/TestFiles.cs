namespace SpeechEngine.Tests;

/// <summary>Where test data lies: in the repository, and beside it a folder of larger files that a test may use when it is there.</summary>
static class TestFiles
{
    /// <summary>The repository's root.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The model that comes with the server.</summary>
    public static string BundledModel => Path.Combine(Root, "models", "ggml-demo-q8_0.bin");

    /// <summary>A file of tests/data.</summary>
    public static string Data(params string[] parts) => Path.Combine([Root, "tests", "data", .. parts]);

    /// <summary>A file of the folder "shared" beside the repository; the test is skipped when it is not there.</summary>
    public static string Shared(params string[] parts)
    {
        var path = Path.Combine([Root, "..", "shared", .. parts]);
        Assert.SkipUnless(File.Exists(path), $"needs shared/{string.Join('/', parts)} beside the repository");
        return path;
    }

    static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "TranscriptionApi.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run outside the repository.");
        }

        return folder;
    }
}
