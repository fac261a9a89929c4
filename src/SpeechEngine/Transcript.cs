namespace SpeechEngine;

/// <summary>One stretch of speech with its text: what a subtitle cue or a verbose_json segment shows.</summary>
public sealed record Segment
{
    /// <summary>Start within the audio.</summary>
    public required TimeSpan Start { get; init; }

    /// <summary>End within the audio, never before <see cref="Start"/>.</summary>
    public required TimeSpan End { get; init; }

    /// <summary>Text as the model writes it: usually with a leading space.</summary>
    public required string Text { get; init; }

    /// <summary>Token ids of the segment, the closing timestamp token included.</summary>
    public required IReadOnlyList<int> Tokens { get; init; }

    /// <summary>Natural log-probability of each of <see cref="Tokens"/> when it was chosen, at most 0.</summary>
    public required IReadOnlyList<float> LogProbabilities { get; init; }

    /// <summary>Words of the text in order, when they were asked for.</summary>
    public IReadOnlyList<Word> Words { get; init; } = [];

    /// <summary>Language code the segment was decoded in.</summary>
    public required string Language { get; init; }

    /// <summary>Channel of the recording, counted from 0, when its channels were transcribed one by one.</summary>
    public int? Channel { get; init; }

    /// <summary>Where the window of this segment starts within the audio, in mel frames of 10 ms.</summary>
    public required int Seek { get; init; }

    /// <summary>Temperature the window was decoded with.</summary>
    public required float Temperature { get; init; }

    /// <summary>Mean natural log-probability of the window's tokens, at most 0.</summary>
    public required double AverageLogProbability { get; init; }

    /// <summary>UTF-8 bytes of the window's text divided by their zlib size; above 2.4 usually means repetition.</summary>
    public required double CompressionRatio { get; init; }

    /// <summary>Probability, 0 to 1, that the window holds no speech.</summary>
    public required double NoSpeechProbability { get; init; }
}

/// <summary>One spoken word.</summary>
public sealed record Word
{
    /// <summary>Start within the audio, not before the word before it ends.</summary>
    public required TimeSpan Start { get; init; }

    /// <summary>End within the audio, never before <see cref="Start"/>.</summary>
    public required TimeSpan End { get; init; }

    /// <summary>The word with the punctuation that belongs to it, and the leading space the model writes; words of a segment joined are its text.</summary>
    public required string Text { get; init; }

    /// <summary>Mean probability of the word's tokens, 0 to 1.</summary>
    public required double Probability { get; init; }
}

/// <summary>Why a segment was taken for invented, or for an echo.</summary>
[Flags]
public enum DropReasons
{
    /// <summary>Not dropped.</summary>
    None = 0,

    /// <summary>The speech detector heard nobody there.</summary>
    NoSpeechDetected = 1,

    /// <summary>The model itself thinks the window holds no speech.</summary>
    NoSpeechProbability = 2,

    /// <summary>The model was unsure of its words.</summary>
    LowLogProbability = 4,

    /// <summary>The text repeats itself.</summary>
    Repetition = 8,

    /// <summary>There is next to no sound.</summary>
    Silence = 16,

    /// <summary>Another channel says the same at the same time, at least 10 dB louder: this one only overhears it.</summary>
    Echo = 32,
}

/// <summary>A segment that was left out of the answer because it seems to be invented, or an echo of another channel.</summary>
public sealed record DroppedSegment
{
    /// <summary>The segment as it was decoded.</summary>
    public required Segment Segment { get; init; }

    /// <summary>What spoke against it.</summary>
    public required DropReasons Reasons { get; init; }

    /// <summary>Mean probability of speech during the segment, 0 to 1, as the speech detector has it; not a number where it was not asked.</summary>
    public required double SpeechProbability { get; init; }

    /// <summary>Root mean square of the segment's samples in decibels below full scale, at most 0.</summary>
    public required double Loudness { get; init; }
}

/// <summary>How likely a language is.</summary>
/// <param name="Language">Language code.</param>
/// <param name="Probability">0 to 1; all languages the choice was made from add up to 1.</param>
public readonly record struct LanguageProbability(string Language, double Probability);

/// <summary>What one 30-second window gave.</summary>
public sealed record WindowTranscript
{
    /// <summary>Language code the window was decoded in: the one asked for or the one detected.</summary>
    public required string Language { get; init; }

    /// <summary>The languages this window could be in, likeliest first; empty when the language was given or known from before.</summary>
    public IReadOnlyList<LanguageProbability> LanguageProbabilities { get; init; } = [];

    /// <summary>Segments found, in order of time; empty when nothing was said.</summary>
    public required IReadOnlyList<Segment> Segments { get; init; }

    /// <summary>Segments left out as invented, in order of time.</summary>
    public IReadOnlyList<DroppedSegment> Dropped { get; init; } = [];

    /// <summary>Where this window began within the audio.</summary>
    public required TimeSpan Start { get; init; }

    /// <summary>How far into the audio the work has come: where the next window begins.</summary>
    public required TimeSpan Position { get; init; }

    /// <summary>What <see cref="ISpeechToText.Transcribe"/> must be given to go on with the next window in another run.</summary>
    public required ResumePoint Next { get; init; }
}
