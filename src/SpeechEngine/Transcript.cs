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

    /// <summary>Where the window of this segment starts, in mel frames of 10 ms.</summary>
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

/// <summary>What one 30-second window gave.</summary>
public sealed record WindowTranscript
{
    /// <summary>Language code the window was decoded in: the one asked for or the one detected.</summary>
    public required string Language { get; init; }

    /// <summary>Segments found, in order of time; empty when nothing was said.</summary>
    public required IReadOnlyList<Segment> Segments { get; init; }

    /// <summary>Where this window began within the audio.</summary>
    public required TimeSpan Start { get; init; }

    /// <summary>How far into the audio the work has come: where the next window begins.</summary>
    public required TimeSpan Position { get; init; }
}
