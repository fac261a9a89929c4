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

    /// <summary>Spoken language as a code of <see cref="Decoding.Languages"/> ("en", "es"); null detects it from the first window.</summary>
    public string? Language { get; init; }

    /// <summary>Text the recording could be a continuation of: names and spelling to expect. Used for the first window.</summary>
    public string? Prompt { get; init; }

    /// <summary>0 (default) takes the likeliest token at every step; up to 1 draws from the distribution, flatter as it rises.</summary>
    public float Temperature { get; init; }

    /// <summary>Seed of the draw when <see cref="Temperature"/> is above 0: the same seed gives the same text.</summary>
    public int Seed { get; init; }
}
