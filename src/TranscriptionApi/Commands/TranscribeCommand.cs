using System.CommandLine;
using System.CommandLine.Parsing;
using SpeechEngine;
using TranscriptionApi.Transcriptions.Formats;

namespace TranscriptionApi.Commands;

/// <summary>The verb "transcribe FILE...": one file after the other; a file that fails does not stop the others.</summary>
sealed class TranscribeCommand
{
    const string Pipe = "-";

    readonly CommandHost _host;
    readonly OutputChoice _output;
    readonly TranscriptionProgress _progress;
    readonly Dictionary<string, Stream> _pipes = new(StringComparer.Ordinal);

    TranscribeCommand(CommandHost host, OutputChoice output, bool isShown)
    {
        _host = host;
        _output = output;
        IsShown = isShown;
        _progress = new TranscriptionProgress(host, output, textIsShown: isShown && output.Formats[0] == FileFormats.Text && host.OutputIsTerminal);
    }

    /// <summary>The result goes to the standard output: there is one, and no folder was named.</summary>
    bool IsShown { get; }

    public static Task<int> RunAsync(string[] args) => RunAsync(args, CommandHost.OfProcess(), CancellationToken.None);

    internal static Task<int> RunAsync(string[] args, CommandHost host, CancellationToken cancellation)
    {
        var files = new Argument<string[]>("file")
        {
            Description = "Audio or video files; - reads one from a pipe.",
            Arity = ArgumentArity.OneOrMore,
        };
        files.Validators.Add(RefuseOptions);
        var (outputs, models, speech) = (new OutputArguments(), new ModelArguments(), new SpeechArguments());
        var verb = new Command(
            "transcribe",
            "Turn speech into text. One file in one format goes to the standard output; several go beside their sources or to --output-dir. "
            + "Ends with 0 when all is done, 1 when an option is wrong or a file is missing, 2 when audio or model cannot be used, "
            + "3 when a result cannot be written, 130 after Ctrl-C.") { files };
        outputs.AddTo(verb);
        models.AddTo(verb);
        speech.AddTo(verb);
        verb.SetAction((parsed, stop) =>
        {
            var names = parsed.GetRequiredValue(files);
            var options = speech.Read(parsed);
            var output = outputs.Read(parsed, options.WordTimestamps);
            options = options with { WordTimestamps = output.Layout.NeedsWordTimes };
            var command = new TranscribeCommand(host, output, isShown: names.Length == 1 && output is { Folder: null, Formats.Count: 1 });

            // On a thread of its own: the one that is here has to hear Ctrl-C.
            return Task.Run(() => (int)command.Run(names, models.Read(parsed), options, stop), CancellationToken.None);
        });
        return CommandLine.RunAsync(verb, args, host, cancellation);
    }

    ExitCode Run(IReadOnlyList<string> files, ModelChoice model, TranscribeOptions options, CancellationToken cancellation)
    {
        if (!IsShown)
        {
            CheckPlaces(files);
        }

        var failed = new List<ExitCode>();
        var readable = files.Where(file => Attempt(file, failed, () => CheckReadable(file))).ToList();
        if (readable.Count > 0)
        {
            var engine = model.Load(_host, options);
            using var freed = engine as IDisposable;
            var transcriber = new FileTranscriber(engine, model.Decode, options, _host.Clock);
            readable.ForEach(file => Attempt(file, failed, () => Transcribe(file, transcriber, cancellation)));
        }

        return failed.FirstOrDefault(ExitCode.Done);
    }

    void Transcribe(string file, FileTranscriber transcriber, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        using var pipe = file == Pipe ? _host.Input() : _pipes.GetValueOrDefault(file);
        using var spool = pipe is null ? null : Spool.Read(pipe, cancellation);
        var textComes = IsShown && _output.Formats[0] == FileFormats.Text;
        var transcript = _progress.Show(NameOf(file), progress => transcriber.Transcribe(
            spool?.Path ?? file,
            (window, duration) =>
            {
                if (textComes)
                {
                    Print(string.Concat(window.Segments.Select(LinesFormat.Write)));
                }

                progress(window, duration);
            },
            cancellation));

        // From here on the result is complete; Ctrl-C comes too late to take it away.
        if (!IsShown)
        {
            var results = ResultFiles.NamedAfter(NameOf(file), _output);
            results.Write(transcript);
            _progress.Done(NameOf(file), transcript, results.Paths);
            return;
        }

        if (!textComes)
        {
            Print(_output.Formats[0].Write(transcript, _output.Layout));
        }

        _progress.Done(NameOf(file), transcript, []);
    }

    /// <summary>Runs <paramref name="work"/> on a file; a failure is told and remembered.</summary>
    bool Attempt(string file, List<ExitCode> failed, Action work)
    {
        try
        {
            work();
            return true;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            var failure = CommandFailure.From(error);
            _host.Error.WriteLine($"{NameOf(file)}: {failure.Message}");
            failed.Add(failure.Code);
            return false;
        }
    }

    /// <summary>Two results in one place would leave only the second.</summary>
    void CheckPlaces(IReadOnlyList<string> files)
    {
        if (_output.Folder is { } folder)
        {
            ResultFiles.MakeFolder(folder);
        }

        var shared = files.GroupBy(file => ResultFiles.NamedAfter(NameOf(file), _output).Paths[0], StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1);
        if (shared is not null)
        {
            throw new CommandFailure(
                ExitCode.NoInput,
                $"{string.Join(" and ", shared.Select(file => $"'{file}'"))} would both be written to '{shared.Key}'. Transcribe them one by one, with different --output-dir.");
        }
    }

    void CheckReadable(string file)
    {
        if (Directory.Exists(file))
        {
            throw new CommandFailure(ExitCode.NoInput, "is a folder; \"watch\" transcribes what is in a folder.");
        }

        if (file == Pipe)
        {
            return;
        }

        var stream = File.OpenRead(file);
        if (stream.CanSeek)
        {
            stream.Dispose();
        }
        else
        {
            // A pipe with a name, as <(...) makes them: who writes to it does so once.
            _pipes[file] = stream;
        }
    }

    void Print(string text)
    {
        try
        {
            _host.Output.Write(text);
            _host.Output.Flush();
        }
        catch (IOException error)
        {
            throw new CommandFailure(ExitCode.Unwritable, $"cannot write to the standard output: {error.Message}", error);
        }
    }

    /// <summary>A misspelt option would be taken for a file.</summary>
    static void RefuseOptions(ArgumentResult result)
    {
        if (result.Tokens.Any(token => token.Value.Length == 0))
        {
            result.AddError("The name of a file is empty.");
        }

        foreach (var name in result.Tokens.Select(token => token.Value).Where(name => name is ['-', _, ..] && !File.Exists(name)))
        {
            result.AddError($"There is no option '{name}', and no file of that name.");
        }
    }

    static string NameOf(string file) => file == Pipe ? "stdin" : file;
}
