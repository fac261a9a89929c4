namespace SpeechEngine.Speech;

/// <summary>How speech is told from everything else. The defaults are those of Silero's own detector and of whisper.cpp.</summary>
public sealed record SpeechDetectionOptions
{
    static readonly TimeSpan LeastMaximum = TimeSpan.FromSeconds(1);
    static readonly TimeSpan MostMaximum = TimeSpan.FromSeconds(30);

    /// <summary>Speech probability from which on somebody speaks, 0 to 1; speech lasts until the probability is 0.15 below.</summary>
    public double Threshold { get; init; } = 0.5;

    /// <summary>Speech that is no longer than this is a click or a cough.</summary>
    public TimeSpan MinimumSpeech { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>A pause shorter than this does not end a stretch of speech; nor does any pause below 200 ms, as in whisper.cpp.</summary>
    public TimeSpan MinimumSilence { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Added before and after every stretch of speech, so that soft beginnings and endings are heard.</summary>
    public TimeSpan Padding { get; init; } = TimeSpan.FromMilliseconds(30);

    /// <summary>Longest stretch of speech, cut at the best pause in it, and longest window that is filled from stretches; 1 to 30 s.</summary>
    public TimeSpan MaximumLength { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Refuses what has no meaning.</summary>
    /// <exception cref="ArgumentException">A value is out of its range; the message says which.</exception>
    internal void Check()
    {
        if (Threshold is not (>= 0 and <= 1))
        {
            throw new ArgumentException($"The speech threshold {Threshold} is not between 0 and 1.");
        }

        if (MinimumSpeech < TimeSpan.Zero || MinimumSilence < TimeSpan.Zero || Padding < TimeSpan.Zero)
        {
            throw new ArgumentException($"The shortest speech {MinimumSpeech}, the shortest silence {MinimumSilence} and the padding {Padding} must not be negative.");
        }

        if (MaximumLength < LeastMaximum || MaximumLength > MostMaximum)
        {
            throw new ArgumentException($"The longest stretch of speech {MaximumLength} is not between 1 and 30 seconds.");
        }
    }
}
