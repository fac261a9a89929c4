using SpeechEngine;

namespace TranscriptionApi.Transcriptions;

/// <summary>A finished transcription as data, whatever format it is written in.</summary>
sealed record Transcript
{
    public required SpeechTask Task { get; init; }

    /// <summary>Code of the spoken language: the one asked for, or the one detected in the first window.</summary>
    public required string Language { get; init; }

    /// <summary>Length of the audio.</summary>
    public required TimeSpan Duration { get; init; }

    public required IReadOnlyList<Segment> Segments { get; init; }

    /// <summary>Time spent on decoding and speech recognition, waiting not included.</summary>
    public required TimeSpan Work { get; init; }

    /// <summary>The whole text; segments carry their own spaces, only the outer ones go.</summary>
    public string Text => string.Concat(Segments.Select(segment => segment.Text)).Trim();
}
