using SpeechEngine.Speech;

namespace SpeechEngine;

/// <summary>What the model does with the speech it hears.</summary>
public enum SpeechTask
{
    /// <summary>Text in the language that is spoken.</summary>
    Transcribe,

    /// <summary>English text, whatever language is spoken (multilingual models only).</summary>
    Translate,
}

/// <summary>What a caller may choose for one transcription.</summary>
public sealed record TranscribeOptions
{
    /// <summary>Transcribe (default) or translate to English.</summary>
    public SpeechTask Task { get; init; } = SpeechTask.Transcribe;

    /// <summary>Spoken language as a code of <see cref="SpeechEngine.Decoding.Languages"/> ("en", "es"); null detects it.</summary>
    public string? Language { get; init; }

    /// <summary>Languages that detection may choose from, as codes; empty allows all that the model knows.</summary>
    public IReadOnlyList<string> CandidateLanguages { get; init; } = [];

    /// <summary>Detects the language of every window anew, for recordings in several languages; otherwise the first window with speech decides.</summary>
    public bool LanguagePerWindow { get; init; }

    /// <summary>Text the recording could be a continuation of: names and spelling to expect. Shown up to the first window with speech.</summary>
    public string? Prompt { get; init; }

    /// <summary>Words and names to expect; unlike <see cref="Prompt"/> they are shown to the model before every window.</summary>
    public IReadOnlyList<string> Keywords { get; init; } = [];

    /// <summary>
    /// Shows the model the text of the windows before. Keeps names and style consistent, at the risk that one mistake is repeated;
    /// forgotten whenever a window needed a temperature above 0.5.
    /// </summary>
    public bool ConditionOnPreviousText { get; init; }

    /// <summary>How tokens are searched for, and when a window is decoded again.</summary>
    public DecodingOptions Decoding { get; init; } = new();

    /// <summary>Listens only where someone speaks, found with these settings; null listens to everything.</summary>
    public SpeechDetectionOptions? SpeechDetection { get; init; }

    /// <summary>Finds start, end and probability of every word; costs one more decoder step per window.</summary>
    public bool WordTimestamps { get; init; }

    /// <summary>Drops text that was invented where nobody spoke and reports it in <see cref="WindowTranscript.Dropped"/>.</summary>
    public bool DropInvented { get; init; } = true;
}
