using System.CommandLine;
using System.Globalization;
using TranscriptionApi.Settings;
using TranscriptionApi.Uploads;

namespace TranscriptionApi.Catalog;

/// <summary>The "models" verbs of the program: what an operator does with model files instead of starting the server.</summary>
static class ModelCommands
{
    internal static readonly Option<string> DataFolder = new("--data-folder")
    {
        Description = "The server's data folder; pulled models are in its \"models\" folder (setting Data:Folder).",
        Recursive = true,
    };

    /// <summary>Runs "models list", "models pull NAME" or "models remove NAME"; the result is the program's exit code.</summary>
    public static Task<int> RunAsync(string[] args) => RunAsync(args, Console.Out, Console.Error, isTerminal: !Console.IsOutputRedirected);

    internal static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, bool isTerminal)
    {
        var name = new Argument<string>("name") { Description = "A model, for example base.en; \"models list\" shows them all." };
        var from = new Option<string>("--from") { Description = "Fetch from this address instead (setting Models:DownloadBase)." };

        var list = new Command("list", "Show the models on this machine and those that can be pulled.");
        list.SetAction(parsed => List(Settings(parsed), output));

        var pull = new Command("pull", "Fetch a model, or continue a fetch that was interrupted.") { name, from };
        pull.SetAction((parsed, cancellation) =>
            PullAsync(Settings(parsed, parsed.GetValue(from)), parsed.GetRequiredValue(name), output, error, isTerminal, cancellation));

        var remove = new Command("remove", "Delete a pulled model from this machine.") { name };
        remove.SetAction(parsed => Remove(Settings(parsed), parsed.GetRequiredValue(name), output, error));

        var root = new RootCommand("TranscriptionApi: speech to text over HTTP.")
        {
            new Command("models", "Models on this machine.") { DataFolder, list, pull, remove },
        };
        try
        {
            var settings = new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false };
            return await root.Parse(args).InvokeAsync(settings);
        }
        catch (Exception problem) when (problem is ModelDownloadException || StartError.IsExpected(problem))
        {
            await error.WriteLineAsync(StartError.Describe(problem));
            return 1;
        }
        catch (OperationCanceledException)
        {
            await error.WriteLineAsync("Interrupted. The same command continues where it stopped.");
            return 130;
        }
    }

    /// <summary>What the server would run with: the same files and environment variables.</summary>
    internal static (ModelOptions Models, string DataFolder) Settings(ParseResult parsed, string? from = null)
    {
        var configuration = CommandSettings.Read();
        if (from is not null)
        {
            configuration[$"{ModelOptions.Section}:{nameof(ModelOptions.DownloadBase)}"] = from;
        }

        var options = configuration.Section(ModelOptions.Section, new ModelOptionsValidator());
        return (options, parsed.GetValue(DataFolder) ?? configuration.Section(DataOptions.Section, new DataOptionsValidator()).Folder);
    }

    static int List((ModelOptions Models, string DataFolder) settings, TextWriter output)
    {
        var catalog = new ModelCatalog(settings.Models, settings.DataFolder);
        var present = catalog.Present;
        var chosen = catalog.Default?.Id;
        output.WriteLine("On this machine:");
        foreach (var model in present)
        {
            var mark = model.Id == chosen ? "  (default)" : "";
            output.WriteLine($"  {model.Id,-22} {Mebibytes(new FileInfo(model.Path).Length),9}  {model.Path}{mark}");
        }

        if (chosen is null)
        {
            output.WriteLine($"  The default model '{settings.Models.Default}' is not here.");
        }

        output.WriteLine("Can be pulled:");
        foreach (var model in ModelManifest.BuiltIn.Models.Where(known => !known.Bundled && present.All(model => model.Id != known.Name)))
        {
            output.WriteLine($"  {model.Name,-22} {model.Size,9}  {model.Languages}");
        }

        return 0;
    }

    static async Task<int> PullAsync(
        (ModelOptions Models, string DataFolder) settings,
        string name,
        TextWriter output,
        TextWriter error,
        bool isTerminal,
        CancellationToken cancellation)
    {
        var catalog = new ModelCatalog(settings.Models, settings.DataFolder);
        if (catalog.Find(name) is { } present)
        {
            await output.WriteLineAsync($"'{present.Id}' is already here: {present.Path}");
            return 0;
        }

        if (ModelManifest.BuiltIn.Find(name) is not { Bundled: false } model)
        {
            var names = string.Join(", ", ModelManifest.BuiltIn.Models.Where(known => !known.Bundled).Select(known => known.Name));
            await error.WriteLineAsync($"There is no model '{name}' to pull. These exist: {names}.");
            return 1;
        }

        var address = new Uri($"{settings.Models.DownloadBase.TrimEnd('/')}/{model.File}");
        var folder = ModelCatalog.DownloadFolder(settings.DataFolder);
        await output.WriteLineAsync($"Pulling '{model.Name}' ({model.Size}) from {address}");
        using var http = ModelDownload.CreateClient();
        var download = new ModelDownload(http, folder);
        await PullProgress.ShowAsync(model, output, isTerminal, report => download.FetchAsync(model, address, report, cancellation));
        await output.WriteLineAsync($"'{model.Name}' is ready: {Path.Combine(folder, model.File)}");
        if (settings.Models.Default != model.Name)
        {
            await output.WriteLineAsync($"To make it the default, start the server with MODELS__DEFAULT={model.Name}");
        }

        return 0;
    }

    static int Remove((ModelOptions Models, string DataFolder) settings, string name, TextWriter output, TextWriter error)
    {
        var folder = ModelCatalog.DownloadFolder(settings.DataFolder);
        var present = new ModelCatalog(settings.Models, settings.DataFolder).Find(name);
        var file = present is null ? ModelManifest.BuiltIn.Find(name)?.File : Path.GetFileName(present.Path);
        if (present is not null && Path.GetDirectoryName(present.Path) != folder)
        {
            error.WriteLine($"'{present.Id}' came with the program and stays: {present.Path}");
            return 1;
        }

        string[] leavings = file is null ? [] : [file, file + ".part", file + ".part.etag"];
        var removed = leavings.Select(leaving => Path.Combine(folder, leaving)).Where(File.Exists).ToList();
        removed.ForEach(File.Delete);
        if (removed.Count == 0)
        {
            error.WriteLine($"There is no model '{name}' in {folder}.");
            return 1;
        }

        output.WriteLine($"Removed {string.Join(", ", removed)}");
        return 0;
    }

    static string Mebibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.0} MiB");
}
