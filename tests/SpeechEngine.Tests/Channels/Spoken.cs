using SpeechEngine.Audio;

namespace SpeechEngine.Tests.Channels;

/// <summary>Segments and recordings made on the spot.</summary>
static class Spoken
{
    public static Segment Segment(int channel, double start, double end, string text) => new()
    {
        Start = TimeSpan.FromSeconds(start),
        End = TimeSpan.FromSeconds(end),
        Text = text,
        Channel = channel,
        Tokens = [],
        LogProbabilities = [],
        Language = "en",
        Seek = 0,
        Temperature = 0,
        AverageLogProbability = -0.2,
        CompressionRatio = 1,
        NoSpeechProbability = 0,
    };

    public static WindowTranscript Window(params Segment[] segments) => new()
    {
        Language = "en",
        Segments = [.. segments.Select(segment => segment with { Channel = null })],
        Start = TimeSpan.Zero,
        Position = TimeSpan.FromSeconds(30),
        Next = new ResumePoint { Passage = 0, Seek = 3000, Language = "en", Context = [], Position = TimeSpan.FromSeconds(30) },
    };

    /// <summary>Half a minute with a steady tone of this amplitude on each channel.</summary>
    public static MultichannelAudio Tones(params double[] amplitudes) =>
        new([.. amplitudes.Select(amplitude => PcmAudio.FromSamples(Audio.Tone.Sine(200, PcmAudio.SampleRate, 30 * PcmAudio.SampleRate, amplitude)))]);
}
