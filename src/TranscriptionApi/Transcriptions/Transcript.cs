using SpeechEngine;

namespace TranscriptionApi.Transcriptions;

/// <summary>A finished transcription as data, whatever format it is written in.</summary>
sealed record Transcript
{
    public required SpeechTask Task { get; init; }

    /// <summary>Code of the spoken language: the one asked for, or the one of the first window with text.</summary>
    public required string Language { get; init; }

    /// <summary>How likely the languages were when <see cref="Language"/> was detected, likeliest first; empty when it was given.</summary>
    public IReadOnlyList<LanguageProbability> LanguageProbabilities { get; init; } = [];

    /// <summary>Length of the audio.</summary>
    public required TimeSpan Duration { get; init; }

    public required IReadOnlyList<Segment> Segments { get; init; }

    /// <summary>Segments left out as invented, in order of time.</summary>
    public IReadOnlyList<DroppedSegment> Dropped { get; init; } = [];

    /// <summary>Time spent on decoding and speech recognition, waiting not included.</summary>
    public required TimeSpan Work { get; init; }

    /// <summary>Puts the windows of a recording together.</summary>
    public static Transcript Of(TranscribeOptions options, IReadOnlyList<WindowTranscript> windows, TimeSpan duration, TimeSpan work)
    {
        var decisive = windows.FirstOrDefault(window => window.Segments.Count > 0) ?? (windows is [var first, ..] ? first : null);
        var language = decisive?.Language ?? options.Language ?? "en";

        // The language may have been detected in a window before, all of whose text was dropped.
        var detection = windows.TakeWhile(window => window != decisive).Append(decisive)
            .LastOrDefault(window => window is { LanguageProbabilities.Count: > 0 } && window.Language == language);
        return new Transcript
        {
            Task = options.Task,
            Language = language,
            LanguageProbabilities = detection?.LanguageProbabilities ?? [],
            Duration = duration,
            Segments = [.. windows.SelectMany(window => window.Segments)],
            Dropped = [.. windows.SelectMany(window => window.Dropped)],
            Work = work,
        };
    }

    /// <summary>The whole text; segments carry their own spaces, only the outer ones go.</summary>
    public string Text => string.Concat(Segments.Select(segment => segment.Text)).Trim();
}
