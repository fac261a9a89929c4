namespace SpeechEngine;

/// <summary>How a window's tokens are searched for. The defaults are openai/whisper's, except that one beam is followed instead of five.</summary>
public sealed record DecodingOptions
{
    /// <summary>Temperature of the first attempt, 0 to 1: 0 (default) takes the likeliest tokens, above it they are drawn.</summary>
    public float Temperature { get; init; }

    /// <summary>
    /// How much hotter each further attempt is, above 0 to 1, until 1 is reached: a window is decoded again while it looks wrong.
    /// 0 makes one attempt only.
    /// </summary>
    public float TemperatureIncrement { get; init; } = 0.2f;

    /// <summary>Seed of the draws at temperatures above 0: the same seed gives the same text.</summary>
    public int Seed { get; init; }

    /// <summary>Sequences drawn at temperatures above 0, 1 to <see cref="MostSequences"/>; the likeliest is kept.</summary>
    public int BestOf { get; init; } = 5;

    /// <summary>Sequences followed at temperature 0, 1 to <see cref="MostSequences"/>; 1 (default) is greedy.</summary>
    public int BeamSize { get; init; } = 1;

    /// <summary>Beam search ends when <see cref="BeamSize"/> times this many sequences have ended; above 0, 1 by default.</summary>
    public float Patience { get; init; } = 1f;

    /// <summary>
    /// Exponent α of the length penalty ((5 + length) / 6)^α by which a sequence's log-probability is divided before sequences are
    /// compared, 0 to 1; null (default) divides by the length.
    /// </summary>
    public float? LengthPenalty { get; init; }

    /// <summary>A window whose text zlib packs better than this is repeating itself and decoded again.</summary>
    public double CompressionRatioThreshold { get; init; } = 2.4;

    /// <summary>A window whose mean log-probability is below this is decoded again, or counts as silent.</summary>
    public double LogProbabilityThreshold { get; init; } = -1.0;

    /// <summary>A window is silent when the model's no-speech probability is above this and the log-probability below its threshold.</summary>
    public double NoSpeechThreshold { get; init; } = 0.6;

    /// <summary>Forbids a window to begin with a space or to end at once.</summary>
    public bool SuppressBlank { get; init; } = true;

    /// <summary>Forbids signs that are not spoken: brackets, music notes, quotes and the like.</summary>
    public bool SuppressNonSpeech { get; init; } = true;

    /// <summary>Further tokens that are never taken; ids beyond the model's vocabulary are ignored.</summary>
    public IReadOnlyList<int> SuppressTokens { get; init; } = [];

    /// <summary>Latest time within a window at which its first segment may start; null allows any.</summary>
    public TimeSpan? MaxInitialTimestamp { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>False decodes without timestamps: one segment per window, of the window's length.</summary>
    public bool Timestamps { get; init; } = true;

    /// <summary>Makes one segment of each window's text, wherever its timestamps are.</summary>
    public bool SingleSegment { get; init; }

    /// <summary>Sequences that can be followed at the same time.</summary>
    public const int MostSequences = 8;
}
