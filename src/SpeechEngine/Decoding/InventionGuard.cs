using SpeechEngine.Audio;
using SpeechEngine.Speech;

namespace SpeechEngine.Decoding;

/// <summary>
/// Tells text that was spoken from text that the model made up over silence, noise or music. Several witnesses are heard, because each
/// errs on its own: the speech detector, the model's no-speech token, its certainty, the text's repetitions and the sound's energy.
/// </summary>
sealed class InventionGuard(SpeechProbabilities speech, PcmAudio audio, TranscribeOptions options)
{
    // Below this there is nothing but the last bits of 16.
    const double SilentDecibels = -80;

    // From this probability on the detector hears somebody; whoever asked for fainter speech is not to lose it here.
    const double Heard = 0.5;

    // Speech heard for less than this is no word.
    static readonly TimeSpan ShortestWord = TimeSpan.FromMilliseconds(60);

    // The model places its text to a few tenths of a second.
    static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(300);

    // With less speech than this in a segment the other witnesses decide.
    const double DoubtfulShare = 0.25;

    readonly double _heard = Math.Min(Heard, options.SpeechDetection?.Threshold ?? Heard);
    readonly DecodingOptions _limits = options.Decoding;

    /// <summary>Does the detector hear anybody between two times of the recording?</summary>
    public bool HearsAnybody(TimeSpan start, TimeSpan end) => HeardTime(start, end) >= ShortestWord;

    /// <summary>When somebody is next heard, from a time of the recording on; null when nobody is.</summary>
    public TimeSpan? FirstHeard(TimeSpan start)
    {
        var first = SampleAt(start) / speech.Step;
        var index = Array.FindIndex(speech.Values, Math.Min(first, speech.Values.Length), value => value >= _heard);
        return index < 0 ? null : TimeSpan.FromSeconds((double)index * speech.Step / PcmAudio.SampleRate);
    }

    /// <summary>Judges a segment that has the recording's times.</summary>
    /// <param name="isSilent">Whether the model itself takes the segment's window for silent.</param>
    /// <returns>The segment as dropped, with the reasons, or null when it was spoken.</returns>
    public DroppedSegment? Judge(Segment segment, bool isSilent)
    {
        var loudness = Loudness(audio, segment.Start, segment.End);
        var share = speech.Share(SampleAt(segment.Start), SampleAt(segment.End), _heard);
        var doubts = Doubts(segment);
        var reasons = DropReasons.None;
        if (loudness < SilentDecibels)
        {
            reasons |= DropReasons.Silence;
        }

        if (!HearsAnybody(segment.Start - Margin, segment.End + Margin))
        {
            reasons |= DropReasons.NoSpeechDetected;
        }
        else if (share < DoubtfulShare && doubts != DropReasons.None)
        {
            reasons |= DropReasons.NoSpeechDetected;
        }

        if (isSilent)
        {
            reasons |= DropReasons.NoSpeechProbability | DropReasons.LowLogProbability;
        }

        return reasons == DropReasons.None ? null : new DroppedSegment
        {
            Segment = segment,
            Reasons = reasons | doubts,
            SpeechProbability = speech.Mean(SampleAt(segment.Start), SampleAt(segment.End)),
            Loudness = loudness,
        };
    }

    /// <summary>A segment of a window that the model itself takes for silent, where the speech detector was not asked.</summary>
    public static DroppedSegment Silenced(Segment segment, PcmAudio audio) => new()
    {
        Segment = segment,
        Reasons = DropReasons.NoSpeechProbability | DropReasons.LowLogProbability,
        SpeechProbability = double.NaN,
        Loudness = Loudness(audio, segment.Start, segment.End),
    };

    DropReasons Doubts(Segment segment)
    {
        var doubts = DropReasons.None;
        doubts |= segment.NoSpeechProbability > _limits.NoSpeechThreshold ? DropReasons.NoSpeechProbability : 0;
        doubts |= segment.LogProbabilities.Average() < _limits.LogProbabilityThreshold ? DropReasons.LowLogProbability : 0;
        doubts |= segment.CompressionRatio > _limits.CompressionRatioThreshold ? DropReasons.Repetition : 0;
        return doubts;
    }

    TimeSpan HeardTime(TimeSpan start, TimeSpan end)
    {
        var (first, last) = (SampleAt(start), SampleAt(end));
        return TimeSpan.FromSeconds(speech.Share(first, last, _heard) * Math.Max(0, last - first) / PcmAudio.SampleRate);
    }

    static double Loudness(PcmAudio audio, TimeSpan start, TimeSpan end)
    {
        var sum = 0.0;
        var samples = audio.Samples[SampleAt(audio, start)..SampleAt(audio, end)];
        foreach (var sample in samples)
        {
            sum += (double)sample * sample;
        }

        return samples.Length == 0 ? double.NegativeInfinity : Math.Min(0, 10 * Math.Log10(sum / samples.Length));
    }

    int SampleAt(TimeSpan time) => SampleAt(audio, time);

    static int SampleAt(PcmAudio audio, TimeSpan time) => (int)Math.Clamp(Math.Round(time.TotalSeconds * PcmAudio.SampleRate), 0, audio.SampleCount);
}
