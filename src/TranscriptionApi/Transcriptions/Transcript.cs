using System.Text.Json.Serialization;
using SpeechEngine;
using SpeechEngine.Audio;
using SpeechEngine.Channels;

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
    public static Transcript Of(TranscribeOptions options, IReadOnlyList<WindowTranscript> windows, TimeSpan duration, TimeSpan work) => Of(
        options, windows, new MergedChannels([.. windows.SelectMany(window => window.Segments)], [.. windows.SelectMany(window => window.Dropped)]), duration, work);

    /// <summary>Puts the windows of a recording together whose channels are a speaker each; the language is that of the channel that speaks first.</summary>
    public static Transcript OfChannels(
        TranscribeOptions options, IReadOnlyList<IReadOnlyList<WindowTranscript>> channels, MultichannelAudio audio, TimeSpan work)
    {
        var merged = ChannelMerge.Merge(audio, channels);
        return Of(options, channels[merged.Segments is [{ Channel: { } channel }, ..] ? channel : 0], merged, audio.Duration, work);
    }

    static Transcript Of(TranscribeOptions options, IReadOnlyList<WindowTranscript> windows, MergedChannels said, TimeSpan duration, TimeSpan work)
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
            Segments = said.Segments,
            Dropped = said.Dropped,
            Work = work,
        };
    }

    /// <summary>The whole text; segments carry their own spaces, only the outer ones go. A line per turn where channels are kept apart.</summary>
    [JsonIgnore]
    public string Text => string.Join('\n', Turns.Select(turn => turn.Text));

    /// <summary>What was said without a break on one channel; a single turn where channels are not kept apart.</summary>
    [JsonIgnore]
    public IReadOnlyList<Turn> Turns
    {
        get
        {
            var turns = new List<Turn>();
            for (var start = 0; start < Segments.Count;)
            {
                var channel = Segments[start].Channel;
                var turn = Segments.Skip(start).TakeWhile(segment => segment.Channel == channel).ToList();
                turns.Add(new Turn(channel, string.Concat(turn.Select(segment => segment.Text)).Trim()));
                start += turn.Count;
            }

            turns.RemoveAll(turn => turn.Text.Length == 0);
            return turns;
        }
    }
}

/// <summary>Neighbouring segments of one channel.</summary>
/// <param name="Channel">Channel, counted from 0; null when channels are not kept apart.</param>
/// <param name="Text">Their text without the outer spaces.</param>
sealed record Turn(int? Channel, string Text);
