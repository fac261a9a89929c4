using SpeechEngine.Audio;
using SpeechEngine.Features;
using SpeechEngine.Speech;

namespace SpeechEngine;

/// <summary>
/// A stretch of a recording that goes through the model as if it were a recording of its own: all of it, or a window into which
/// stretches of speech were packed. Knows the way back from its own time to the recording's.
/// </summary>
sealed class Passage
{
    readonly PcmAudio _audio;
    readonly SpeechWindow? _window;
    readonly int _length;

    /// <summary>All of a recording.</summary>
    public Passage(PcmAudio recording)
    {
        _audio = recording;
        _length = recording.SampleCount;
    }

    /// <summary>A window of speech.</summary>
    /// <param name="buffer">Takes the window's samples; used again for the next passage.</param>
    public Passage(PcmAudio recording, SpeechWindow window, PcmAudio buffer)
    {
        _audio = buffer;
        _window = window;
        _length = window.CopyTo(recording.Samples, buffer.Samples);
    }

    /// <summary>16 kHz samples.</summary>
    public ReadOnlySpan<float> Samples => _audio.Samples[.._length];

    /// <summary>Frames of 10 ms.</summary>
    public int Frames => MelSpectrogram.FrameCount(_length);

    /// <summary>The recording's time up to which the first <paramref name="frames"/> frames reach.</summary>
    public TimeSpan End(int frames) => _window?.EndOf(MelSpectrogram.TimeOf(frames)) ?? MelSpectrogram.TimeOf(frames);

    /// <summary>The recording's times between which these frames lie.</summary>
    public (TimeSpan Start, TimeSpan End) Span(int first, int end) =>
        (_window?.StartOf(MelSpectrogram.TimeOf(first)) ?? MelSpectrogram.TimeOf(first), End(end));

    /// <summary>The segment with the recording's times.</summary>
    public Segment ToRecording(Segment segment)
    {
        if (_window is null)
        {
            return segment;
        }

        var words = new Word[segment.Words.Count];
        for (var i = 0; i < words.Length; i++)
        {
            var (start, end) = _window.WordOf(segment.Words[i].Start, segment.Words[i].End);
            words[i] = segment.Words[i] with { Start = start, End = end };
        }

        return segment with
        {
            Start = _window.StartOf(segment.Start),
            End = Later(_window.StartOf(segment.Start), _window.EndOf(segment.End)),
            Words = words,
            Seek = (int)(_window.StartOf(MelSpectrogram.TimeOf(segment.Seek)) / MelSpectrogram.TimeOf(1)),
        };
    }

    // A segment without any length on a seam would end before the pause that it begins after.
    static TimeSpan Later(TimeSpan start, TimeSpan end) => end < start ? start : end;
}
