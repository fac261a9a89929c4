using System.Text;
using SpeechEngine;
using TranscriptionApi.Commands;
using TranscriptionApi.Commands.Watch;
using TranscriptionApi.Tests.Catalog;

namespace TranscriptionApi.Tests.Commands;

/// <summary>Runs verbs in this process, with a scripted engine unless a test wants the real one, in a folder of its own.</summary>
sealed class CommandRun : IDisposable
{
    readonly StringWriter _output = new();
    readonly StringWriter _error = new();

    public CommandRun()
    {
        Folder.WriteModel("models/ggml-alpha.bin");
        Directory.CreateDirectory(Folder["in"]);
        Host = new CommandHost
        {
            Output = TextWriter.Synchronized(_output),
            Error = TextWriter.Synchronized(_error),
            Load = (path, settings) =>
            {
                Loaded.Add((path, settings));
                return Engine;
            },
        };
    }

    public TestFolder Folder { get; } = new();

    public ScriptedEngine Engine { get; } = new();

    public CommandHost Host { get; set; }

    public List<(string Path, EngineSettings Settings)> Loaded { get; } = [];

    /// <summary>"demo" is the bundled model.</summary>
    public string Model { get; init; } = "alpha";

    public string Output => _output.ToString();

    public string Error
    {
        get
        {
            lock (Host.Error)
            {
                return _error.ToString();
            }
        }
    }

    /// <summary>A WAV file below the folder; returns its path.</summary>
    public string WriteWav(string name, double seconds = 2)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Folder[name])!);
        File.WriteAllBytes(Folder[name], TestAudio.Wav(seconds));
        return Folder[name];
    }

    public Task<int> TranscribeAsync(params string[] args) => TranscribeAsync(TestContext.Current.CancellationToken, args);

    public Task<int> TranscribeAsync(CancellationToken cancellation, params string[] args) =>
        TranscribeCommand.RunAsync(["transcribe", .. args, "--model", Model, "--data-folder", Folder.Path], Host, cancellation);

    public Task<int> WatchAsync(CancellationToken cancellation, params string[] args) =>
        WatchCommand.RunAsync(["watch", .. args, "--model", Model, "--data-folder", Folder.Path], Host, cancellation);

    /// <summary>Every file below a folder, hidden ones too, with slashes and in order.</summary>
    public IEnumerable<string> FilesIn(string name) => Directory
        .EnumerateFiles(Folder[name], "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
        .Select(path => Path.GetRelativePath(Folder[name], path).Replace('\\', '/'))
        .Order(StringComparer.Ordinal);

    public void Pipe(byte[] bytes) => Host = Host with { Input = () => new MemoryStream(bytes) };

    public void Dispose()
    {
        Folder.Dispose();
        _output.Dispose();
        _error.Dispose();
    }

    public static string Utf8(string path) => new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(path));
}
