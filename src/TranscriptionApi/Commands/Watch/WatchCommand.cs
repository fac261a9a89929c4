using System.CommandLine;
using SpeechEngine;

namespace TranscriptionApi.Commands.Watch;

/// <summary>The verb "watch DIR": transcribes every recording that appears in a folder, until it is stopped.</summary>
static class WatchCommand
{
    static readonly TimeSpan Poll = TimeSpan.FromSeconds(5);

    public static Task<int> RunAsync(string[] args) => RunAsync(args, CommandHost.OfProcess(), CancellationToken.None);

    internal static Task<int> RunAsync(string[] args, CommandHost host, CancellationToken cancellation)
    {
        var folder = new Argument<string>("dir") { Description = "The folder to watch." };
        folder.Validators.Add(CheckedOption.RefuseEmptyPath);
        var recursive = new Option<bool>("--recursive", "-r") { Description = "Watch the folders in it too." };
        var newOnly = new Option<bool>("--new-only") { Description = "Leave alone what is there at the start." };
        var poll = CheckedOption.Number("--poll-seconds", 0.1, 3600.0, "Time between two looks, 0.1 to 3600 s (default 5); a file that stays unchanged for as long counts as complete.");
        var (outputs, models, speech) = (new OutputArguments(), new ModelArguments(), new SpeechArguments());
        var verb = new Command(
            "watch",
            "Transcribe every recording in a folder and every one that appears there, until Ctrl-C or SIGTERM. Results go beside the recordings or "
            + $"to --output-dir; the file {WatchJournal.FileName} there remembers what is done, across restarts. A recording is done again only when it changes.")
        {
            folder, recursive, newOnly, poll,
        };
        outputs.AddTo(verb);
        models.AddTo(verb);
        speech.AddTo(verb);
        verb.SetAction((parsed, stop) =>
        {
            var watch = new WatchChoice
            {
                Folder = Path.GetFullPath(parsed.GetRequiredValue(folder)),
                Recursive = parsed.GetValue(recursive),
                NewOnly = parsed.GetValue(newOnly),
                Poll = parsed.GetValue(poll) is { } seconds ? TimeSpan.FromSeconds(seconds) : Poll,
            };

            var options = speech.Read(parsed);
            var output = outputs.Read(parsed, options.WordTimestamps);
            options = options with { WordTimestamps = output.Layout.NeedsWordTimes };

            // On a thread of its own: the one that is here has to hear SIGTERM.
            return Task.Run(() => RunAsync(watch, output, models.Read(parsed), options, host, stop), CancellationToken.None);
        });
        return CommandLine.RunAsync(verb, args, host, cancellation);
    }

    static async Task<int> RunAsync(
        WatchChoice watch, OutputChoice output, ModelChoice model, TranscribeOptions options, CommandHost host, CancellationToken stop)
    {
        if (!Directory.Exists(watch.Folder))
        {
            throw new CommandFailure(ExitCode.NoInput, $"There is no folder '{watch.Folder}'.");
        }

        if (output.Folder is not null)
        {
            ResultFiles.MakeFolder(output.Folder);
        }

        using var journal = new WatchJournal(output.Folder ?? watch.Folder);
        var engine = model.Load(host, options);
        using var freed = engine as IDisposable;
        if (!output.Quiet)
        {
            await host.Error.WriteLineAsync($"Watching '{watch.Folder}'; {journal.Count} recordings are known from before.");
        }

        try
        {
            await new FolderWatch(watch, output, new FileTranscriber(engine, model.Decode, options, host.Clock), journal, host).RunAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The only way a watch ends well.
        }

        return (int)ExitCode.Done;
    }
}
