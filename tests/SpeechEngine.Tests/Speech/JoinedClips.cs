using SpeechEngine.Audio;
using SpeechEngine.Speech;

namespace SpeechEngine.Tests.Speech;

/// <summary>One utterance in a longer recording: where its clip begins, and where the voice itself begins and ends.</summary>
sealed record Utterance(string Clip, int ClipStart, SpeechRegion Voice);

/// <summary>The clips of the test data, shuffled and joined with pauses of different lengths.</summary>
/// <param name="Samples">Clean; noise is up to the test.</param>
sealed record JoinedClips(float[] Samples, IReadOnlyList<Utterance> Utterances)
{
    const int Frame = 160;

    // What is further below an utterance's loud part nobody hears as its beginning: the softest sounds of speech, f and th, lie about 30 dB below its vowels.
    const double Range = 30;

    // A clip's own noise ends its voice earlier; over 10 ms noise does not rise so many times above itself.
    const double AboveNoise = 4;

    /// <summary>Joins the clips.</summary>
    /// <param name="longestPause">Pauses last from <paramref name="shortestPause"/> to this many seconds, between the voices themselves.</param>
    public static JoinedClips Read(int seed, double shortestPause, double longestPause, int count = int.MaxValue)
    {
        var random = new Random(seed);
        var clips = Clips();
        random.Shuffle(clips);
        var samples = new List<float>();
        var utterances = new List<Utterance>();
        foreach (var clip in clips.Take(count))
        {
            samples.AddRange(new float[Pause()]);
            using var audio = Recording.Read(TestFiles.Data("clips", clip));
            var voice = VoiceOf(audio.Samples);

            // Only the voice is taken over, so that a pause is as long as it says.
            utterances.Add(new Utterance(clip, samples.Count - voice.Start, new SpeechRegion(samples.Count, samples.Count + voice.Length)));
            samples.AddRange(audio.Samples[voice.Start..voice.End]);
        }

        samples.AddRange(new float[Pause()]);
        return new JoinedClips([.. samples], utterances);

        int Pause() => (int)(PcmAudio.SampleRate * (shortestPause + (random.NextDouble() * (longestPause - shortestPause))));
    }

    /// <summary>Mean square of the voices, without the pauses.</summary>
    public double VoicePower() =>
        Utterances.Sum(utterance => Sounds.Power(Samples.AsSpan(utterance.Voice.Start, utterance.Voice.Length)) * utterance.Voice.Length)
        / Utterances.Sum(utterance => (double)utterance.Voice.Length);

    /// <summary>Names of all clips; no voice of theirs was fitted to, and every fourth was made with noise at 20 dB.</summary>
    public static string[] Clips() => [.. Directory.GetFiles(TestFiles.Data("clips"), "*.wav").Select(Path.GetFileName).Order(StringComparer.Ordinal)!];

    /// <summary>First to last 10 ms of a clip that lie within 30 dB of its loudest tenth and above its own noise, of which its quietest twentieth is.</summary>
    public static SpeechRegion VoiceOf(ReadOnlySpan<float> samples)
    {
        var powers = new double[samples.Length / Frame];
        for (var i = 0; i < powers.Length; i++)
        {
            powers[i] = Sounds.Power(samples.Slice(i * Frame, Frame));
        }

        var sorted = powers.Order().ToArray();
        var threshold = Math.Max(sorted[powers.Length * 9 / 10] * Math.Pow(10, -Range / 10), sorted[powers.Length / 20] * AboveNoise);
        return new SpeechRegion(
            Array.FindIndex(powers, power => power >= threshold) * Frame,
            (Array.FindLastIndex(powers, power => power >= threshold) + 1) * Frame);
    }
}
