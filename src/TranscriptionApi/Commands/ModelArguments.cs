using System.CommandLine;
using SpeechEngine;
using SpeechEngine.Audio;
using SpeechEngine.Loading;
using TranscriptionApi.Catalog;
using TranscriptionApi.Engine;
using TranscriptionApi.Settings;
using TranscriptionApi.Transcriptions;
using TranscriptionApi.Uploads;

namespace TranscriptionApi.Commands;

/// <summary>The options that say which model works, and how it uses the machine.</summary>
sealed class ModelArguments
{
    // The server's limits guard it against strangers; whoever sits at the command line brings files of their own.
    static readonly TimeSpan LongestAudio = TimeSpan.FromHours(24);
    static readonly TimeSpan LongestDecoding = TimeSpan.FromHours(1);

    Option<string?> Model { get; } = new("--model", "-m")
    {
        Description = "A model on this machine, by name, or the path of a ggml file (default: setting Models:Default).",
        HelpName = "MODEL",
    };

    Option<int?> Threads { get; } = CheckedOption.Number("--threads", 0, 1024, "Worker threads, 0 to 1024; 0 is one per processor (default: setting Engine:Threads).", "-t");

    Option<string?> SpeechModel { get; } = CheckedOption.Path(
        "--vad-model", "PATH", "Silero speech detection model in ggml form (default: setting Engine:SpeechModel, or else the built-in detector).");

    Option<string?> DataFolder { get; } = CheckedOption.Path("--data-folder", "DIR", "Pulled models are in its \"models\" folder (default: setting Data:Folder).");

    public void AddTo(Command command)
    {
        command.Options.Add(Model);
        command.Options.Add(Threads);
        command.Options.Add(SpeechModel);
        command.Options.Add(DataFolder);
    }

    /// <summary>Finds the model's file and the decoder; nothing is loaded yet.</summary>
    /// <exception cref="CommandFailure">There is no such model.</exception>
    public ModelChoice Read(ParseResult parsed)
    {
        var configuration = CommandSettings.Read();
        var models = configuration.Section(ModelOptions.Section, new ModelOptionsValidator());
        var engine = configuration.Section(EngineOptions.Section, new EngineOptionsValidator());
        var audio = configuration.Section(AudioOptions.Section, new AudioOptionsValidator());
        var data = configuration.Section(DataOptions.Section, new DataOptionsValidator());
        var catalog = new ModelCatalog(models, parsed.GetValue(DataFolder) ?? data.Folder);
        var speechModel = parsed.GetValue(SpeechModel);
        if (speechModel is not null && !File.Exists(speechModel))
        {
            throw new CommandFailure(ExitCode.Undecodable, $"--vad-model: there is no file '{speechModel}'.");
        }

        return new ModelChoice
        {
            Path = PathOf(parsed.GetValue(Model) ?? models.Default, catalog),
            Settings = new EngineSettings { Threads = parsed.GetValue(Threads) ?? engine.Threads, SpeechModel = speechModel ?? engine.Settings().SpeechModel },
            Decode = new AudioDecoder(new AudioDecoderSettings { MaxDuration = LongestAudio, FfmpegTimeLimit = LongestDecoding, Ffmpeg = audio.Ffmpeg }).Decode,
        };
    }

    // A name comes first: a file that happens to be called "demo" does not hide the model.
    static string PathOf(string model, ModelCatalog catalog)
    {
        if (catalog.Find(model) is { } present)
        {
            return present.Path;
        }

        if (File.Exists(model))
        {
            return Path.GetFullPath(model);
        }

        var advice = ModelManifest.BuiltIn.Find(model) is { Bundled: false } known ? $"; \"models pull {known.Name}\" fetches it" : "";
        var names = string.Join(", ", catalog.Present.Select(other => other.Id));
        throw new CommandFailure(ExitCode.Undecodable, $"--model: there is no model and no file '{model}' on this machine{advice}. These models are here: {names}.");
    }
}

/// <summary>The model that was chosen, and what reads audio for it.</summary>
sealed record ModelChoice
{
    /// <summary>Path of the ggml file.</summary>
    public required string Path { get; init; }

    public required EngineSettings Settings { get; init; }

    public required DecodeAudio Decode { get; init; }

    /// <summary>The model in memory, sure to take <paramref name="options"/>.</summary>
    /// <exception cref="CommandFailure">The file is no sound model, or the model cannot do what is asked for.</exception>
    public ISpeechToText Load(CommandHost host, TranscribeOptions options)
    {
        ISpeechToText engine;
        try
        {
            engine = host.Load(Path, Settings);
        }
        catch (InvalidModelException error)
        {
            // Its message names the file, which may be the speech detection model's.
            throw new CommandFailure(ExitCode.Undecodable, error.Message, error);
        }
        catch (Exception error) when (StartError.IsExpected(error))
        {
            throw new CommandFailure(ExitCode.Undecodable, $"The model '{Path}' cannot be used: {error.Message}", error);
        }

        try
        {
            // The engine checks its options before the first window, so no audio is enough to hear what it thinks of them.
            using var nothing = new PcmAudio(0);
            _ = engine.Transcribe(nothing, options, null, CancellationToken.None);
            return engine;
        }
        catch (ArgumentException refused)
        {
            (engine as IDisposable)?.Dispose();
            throw new CommandFailure(ExitCode.NoInput, refused.Message.Split(" (Parameter '")[0], refused);
        }
    }
}
