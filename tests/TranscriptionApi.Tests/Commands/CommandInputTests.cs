using System.Diagnostics;

namespace TranscriptionApi.Tests.Commands;

/// <summary>What verbs are given from outside: pipes with a name, empty names, settings in the environment.</summary>
public sealed class CommandInputTests : IDisposable
{
    readonly CommandRun _run = new();

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _run.Dispose();

    [Fact]
    public async Task Pipe_with_a_name_is_opened_once_and_read_to_its_end()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Named pipes are no files there.");
        var pipe = _run.Folder["in/a.wav"];
        using (var made = Process.Start("mkfifo", [pipe]))
        {
            await made.WaitForExitAsync(Cancellation);
        }

        // Opened a second time, the pipe would wait for another writer and never end.
        var written = Task.Run(() => WritePipe(pipe, TestAudio.Wav()), Cancellation);
        Assert.Equal(0, await _run.TranscribeAsync(pipe).WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
        await written;
        Assert.StartsWith("Hello, world!\n", _run.Output);
    }

    [Theory]
    [InlineData("The name of a file is empty.", "transcribe", "")]
    [InlineData("--output-dir: the path is empty.", "transcribe", "a.wav", "-o", "")]
    [InlineData("--data-folder: the path is empty.", "transcribe", "a.wav", "--data-folder", "")]
    [InlineData("--vad-model: the path is empty.", "transcribe", "a.wav", "--vad-model", "")]
    [InlineData("--max-line-width needs srt or vtt in --output-format.", "transcribe", "a.wav", "--max-line-width", "20", "-f", "txt,json")]
    [InlineData("--max-chars-per-second needs srt or vtt in --output-format.", "transcribe", "a.wav", "--max-chars-per-second", "20")]
    [InlineData("The path of 'dir' is empty.", "watch", "")]
    [InlineData("The path of 'target' is empty.", "quantize", "demo", "", "q5_0")]
    public async Task What_cannot_be_meant_is_refused_in_one_line(string message, params string[] args)
    {
        _run.WriteWav("a.wav");
        var (status, errors) = await StartAsync(args);
        Assert.Equal(1, status);
        Assert.StartsWith(message, errors);
        Assert.DoesNotContain("   at ", errors);
    }

    [Fact]
    public async Task Speech_model_of_the_settings_is_used_and_named_when_it_is_none()
    {
        _run.WriteWav("a.wav");
        File.WriteAllText(_run.Folder["speech.bin"], "not a model");
        var (status, errors) = await StartAsync(["transcribe", "a.wav", "--vad"], ("ENGINE__SPEECHMODEL", "speech.bin"));
        Assert.Equal(1, status);
        Assert.Contains($"Engine:SpeechModel is 'speech.bin'; The model file speech.bin cannot be used: ", errors);
        Assert.DoesNotContain("ggml-demo", errors);
    }

    [Fact]
    public async Task Setting_that_is_empty_is_named()
    {
        _run.WriteWav("a.wav");
        var (status, errors) = await StartAsync(["transcribe", "a.wav"], ("DATA__FOLDER", ""));
        Assert.Equal((1, "Data:Folder is required.\n"), (status, errors));
    }

    static void WritePipe(string pipe, byte[] bytes)
    {
        using var stream = new FileStream(pipe, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        stream.Write(bytes);
    }

    async Task<(int Status, string Errors)> StartAsync(string[] args, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "TranscriptionApi.dll"), .. args])
        {
            WorkingDirectory = _run.Folder.Path,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var verb = Process.Start(start)!;
        _ = verb.StandardOutput.ReadToEndAsync(Cancellation);
        var errors = await verb.StandardError.ReadToEndAsync(Cancellation);
        await verb.WaitForExitAsync(Cancellation);
        return (verb.ExitCode, errors);
    }
}
