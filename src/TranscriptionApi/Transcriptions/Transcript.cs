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

    /// <summary>The whole text; segments carry their own spaces, only the outer ones go. A line per turn where channels are kept apart.</summary>
    public string Text => string.Join('\n', Turns.Select(turn => turn.Text));

    /// <summary>What was said without a break on one channel; a single turn where channels are not kept apart.</summary>
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
