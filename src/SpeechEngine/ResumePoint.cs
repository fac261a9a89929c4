namespace SpeechEngine;

/// <summary>
/// The place between two windows of a transcription: everything that later windows depend on besides the audio and the options. Plain data
/// that survives being written as JSON; with the same audio, options and model the windows after it come out bit for bit the same.
/// </summary>
public sealed record ResumePoint
{
    /// <summary>
    /// The passage the next window is in, counted from 0. Without speech detection the recording is one passage; with it, every window
    /// packed with speech is one.
    /// </summary>
    public required int Passage { get; init; }

    /// <summary>Mel frames of 10 ms of that passage that are done, 0 to all of them.</summary>
    public required int Seek { get; init; }

    /// <summary>Code of the language that was asked for or is decided by now; null when the next window is to tell.</summary>
    public required string? Language { get; init; }

    /// <summary>
    /// Tokens of prompt and earlier text that are shown before the next window, at most 223; keywords are not among them.
    /// When work is resumed they stand for the prompt too.
    /// </summary>
    public required IReadOnlyList<int> Context { get; init; }

    /// <summary>Where the next window begins in the recording; follows from passage and seek, and is held against them.</summary>
    public required TimeSpan Position { get; init; }
}
