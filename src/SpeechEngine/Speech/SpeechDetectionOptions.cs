namespace SpeechEngine.Speech;

/// <summary>How speech is told from everything else. The defaults are those of Silero's own detector and of whisper.cpp.</summary>
public sealed record SpeechDetectionOptions
{
    /// <summary>Speech probability from which on somebody speaks, 0 to 1.</summary>
    public double Threshold { get; init; } = 0.5;

    /// <summary>Speech shorter than this is a click or a cough.</summary>
    public TimeSpan MinimumSpeech { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>A pause shorter than this does not end a stretch of speech.</summary>
    public TimeSpan MinimumSilence { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Added before and after every stretch of speech, so that soft beginnings and endings are heard.</summary>
    public TimeSpan Padding { get; init; } = TimeSpan.FromMilliseconds(30);

    /// <summary>Longest stretch of speech, cut at the best pause in it, and longest window that is filled from stretches; 30 s at most.</summary>
    public TimeSpan MaximumLength { get; init; } = TimeSpan.FromSeconds(30);
}
