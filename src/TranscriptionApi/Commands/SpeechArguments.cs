using System.CommandLine;
using System.CommandLine.Parsing;
using SpeechEngine;
using SpeechEngine.Speech;

namespace TranscriptionApi.Commands;

/// <summary>
/// The options that say how speech is recognised. The names are openai/whisper's where it has them; the defaults are the engine's.
/// To add one: a property, its row in <see cref="AddTo"/>, its line in <see cref="Read"/>.
/// </summary>
sealed class SpeechArguments
{
    const string Auto = "auto";

    Option<string?> Language { get; } = CheckedOption.Value<string>(
        "--language", "LANGUAGE", text => IsAuto(text) ? (Auto, null) : LanguageName.Read(text),
        "Spoken language, as a code or an English name; found out when it is not given.", "-l");

    Option<string[]> Languages { get; } = CheckedOption.List<string>(
        "--languages", "LIST", LanguageName.Read, "Languages to choose from when the language is found out.");

    Option<bool> LanguagePerWindow { get; } = new("--language-per-window")
    {
        Description = "Find out the language every 30 seconds anew, for recordings in several languages.",
    };

    Option<SpeechTask?> Task { get; } = CheckedOption.Value<SpeechTask?>("--task", "TASK", ReadTask, "transcribe (default) or translate, which gives English.");

    Option<bool> Translate { get; } = new("--translate") { Description = "The same as --task translate." };

    Option<bool> Words { get; } = new("--word-timestamps") { Description = "Find start and end of every word; json has them." };

    Option<string?> Prompt { get; } = new("--prompt", "--initial-prompt") { Description = "Text that the recording could be a continuation of.", HelpName = "TEXT" };

    Option<string[]> Keywords { get; } = CheckedOption.List<string>("--keywords", "LIST", text => (text, null), "Words and names to expect anywhere.");

    Option<bool> ConditionOnPreviousText { get; } = new("--condition-on-previous-text") { Description = "Show the model the text of the windows before." };

    Option<bool> KeepInvented { get; } = new("--keep-invented") { Description = "Keep text that seems to be invented where nobody spoke." };

    SearchArguments Search { get; } = new();

    SpeechDetectionArguments Detection { get; } = new();

    public void AddTo(Command command)
    {
        Option[] options =
        [
            Language, Languages, LanguagePerWindow, Task, Translate, Words, Prompt, Keywords, ConditionOnPreviousText, KeepInvented,
            .. Search.Options, .. Detection.Options,
        ];
        foreach (var option in options)
        {
            command.Options.Add(option);
        }

        command.Validators.Add(Check);
    }

    public TranscribeOptions Read(ParseResult parsed) => new()
    {
        Task = parsed.GetValue(Translate) ? SpeechTask.Translate : parsed.GetValue(Task) ?? SpeechTask.Transcribe,
        Language = parsed.GetValue(Language) is not Auto and var code ? code : null,
        CandidateLanguages = parsed.GetValue(Languages) ?? [],
        LanguagePerWindow = parsed.GetValue(LanguagePerWindow),
        Prompt = parsed.GetValue(Prompt),
        Keywords = parsed.GetValue(Keywords) ?? [],
        ConditionOnPreviousText = parsed.GetValue(ConditionOnPreviousText),
        Decoding = Search.Read(parsed),
        SpeechDetection = Detection.Read(parsed),
        WordTimestamps = parsed.GetValue(Words),
        DropInvented = !parsed.GetValue(KeepInvented),
    };

    void Check(CommandResult result)
    {
        var languageIsGiven = result.GetResult(Language)?.Tokens is [var token] && !IsAuto(token.Value);
        if (languageIsGiven && result.GetResult(Languages) is not null)
        {
            result.AddError("--languages is for finding out the language; leave it out or leave out --language.");
        }

        if (languageIsGiven && result.GetResult(LanguagePerWindow) is not null)
        {
            result.AddError("--language-per-window finds out the language; leave it out or leave out --language.");
        }

        if (result.GetValue(Translate) && result.GetResult(Task)?.Tokens is [var task] && !task.Value.Equals("translate", StringComparison.OrdinalIgnoreCase))
        {
            result.AddError("--translate and --task contradict each other.");
        }

        Detection.Check(result);
    }

    static bool IsAuto(string language) => language.Equals(Auto, StringComparison.OrdinalIgnoreCase);

    static (SpeechTask? Task, string? Problem) ReadTask(string text) => text.ToUpperInvariant() switch
    {
        "TRANSCRIBE" => (SpeechTask.Transcribe, null),
        "TRANSLATE" => (SpeechTask.Translate, null),
        _ => (null, $"'{text}' is neither 'transcribe' nor 'translate'."),
    };
}

/// <summary>The options of the search for tokens.</summary>
sealed class SearchArguments
{
    static readonly DecodingOptions Defaults = new();

    Option<int?> Beams { get; } = CheckedOption.Number("--beam-size", 1, DecodingOptions.MostSequences, "Sequences followed at temperature 0, 1 to 8 (default 1).");

    Option<int?> BestOf { get; } = CheckedOption.Number("--best-of", 1, DecodingOptions.MostSequences, "Sequences drawn above temperature 0, 1 to 8 (default 5).");

    Option<float?> Patience { get; } = CheckedOption.Number("--patience", 0.1f, 10f, "Beam search goes on until this many times the beams have ended, 0.1 to 10 (default 1).");

    Option<float?> LengthPenalty { get; } = CheckedOption.Number("--length-penalty", 0f, 1f, "How much longer sequences are favoured, 0 to 1; by default they are compared by their mean.");

    Option<float?> Temperature { get; } = CheckedOption.Number("--temperature", 0f, 1f, "Temperature of the first attempt, 0 to 1 (default 0).");

    Option<float?> TemperatureIncrement { get; } = CheckedOption.Number(
        "--temperature-inc", 0f, 1f, "How much hotter a window is tried again that went wrong, 0 to 1 (default 0.2); 0 makes one attempt.", "--temperature-increment-on-fallback");

    Option<int?> Seed { get; } = CheckedOption.Number("--seed", int.MinValue, int.MaxValue, "Seed of the draws above temperature 0 (default 0).");

    public IEnumerable<Option> Options => [Beams, BestOf, Patience, LengthPenalty, Temperature, TemperatureIncrement, Seed];

    public DecodingOptions Read(ParseResult parsed) => Defaults with
    {
        BeamSize = parsed.GetValue(Beams) ?? Defaults.BeamSize,
        BestOf = parsed.GetValue(BestOf) ?? Defaults.BestOf,
        Patience = parsed.GetValue(Patience) ?? Defaults.Patience,
        LengthPenalty = parsed.GetValue(LengthPenalty) ?? Defaults.LengthPenalty,
        Temperature = parsed.GetValue(Temperature) ?? Defaults.Temperature,
        TemperatureIncrement = parsed.GetValue(TemperatureIncrement) ?? Defaults.TemperatureIncrement,
        Seed = parsed.GetValue(Seed) ?? Defaults.Seed,
    };
}

/// <summary>The options of speech detection.</summary>
sealed class SpeechDetectionArguments
{
    static readonly SpeechDetectionOptions Defaults = new();

    Option<bool> Detect { get; } = new("--vad") { Description = "Listen only where someone speaks." };

    Option<double?> Threshold { get; } = CheckedOption.Number("--vad-threshold", 0.0, 1.0, "Probability from which on it is speech, 0 to 1 (default 0.5).");

    Option<int?> MinimumSpeech { get; } = CheckedOption.Number("--vad-min-speech-ms", 0, 30_000, "Shorter speech is ignored, 0 to 30000 ms (default 250).");

    Option<int?> MinimumSilence { get; } = CheckedOption.Number("--vad-min-silence-ms", 0, 30_000, "A shorter pause ends nothing, 0 to 30000 ms (default 100).");

    Option<int?> Padding { get; } = CheckedOption.Number("--vad-pad-ms", 0, 10_000, "Added before and after speech, 0 to 10000 ms (default 30).");

    Option<double?> MaximumLength { get; } = CheckedOption.Number("--vad-max-seconds", 1.0, 30.0, "Longest stretch of speech, 1 to 30 s (default 30).");

    public IEnumerable<Option> Options => [Detect, .. Settings];

    IEnumerable<Option> Settings => [Threshold, MinimumSpeech, MinimumSilence, Padding, MaximumLength];

    public SpeechDetectionOptions? Read(ParseResult parsed) => !parsed.GetValue(Detect) ? null : new SpeechDetectionOptions
    {
        Threshold = parsed.GetValue(Threshold) ?? Defaults.Threshold,
        MinimumSpeech = Milliseconds(parsed.GetValue(MinimumSpeech)) ?? Defaults.MinimumSpeech,
        MinimumSilence = Milliseconds(parsed.GetValue(MinimumSilence)) ?? Defaults.MinimumSilence,
        Padding = Milliseconds(parsed.GetValue(Padding)) ?? Defaults.Padding,
        MaximumLength = parsed.GetValue(MaximumLength) is { } seconds ? TimeSpan.FromSeconds(seconds) : Defaults.MaximumLength,
    };

    /// <summary>A setting of something that is switched off would do nothing without a word.</summary>
    public void Check(CommandResult result)
    {
        if (result.GetResult(Detect) is null && Settings.FirstOrDefault(option => result.GetResult(option) is not null) is { } idle)
        {
            result.AddError($"{idle.Name} needs --vad.");
        }
    }

    static TimeSpan? Milliseconds(int? value) => value is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null;
}
