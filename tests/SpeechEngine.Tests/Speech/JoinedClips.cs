using System.Text.Json;
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

    // Speech has a range of about 25 dB above a quiet room: what is further below the loudest part of an utterance nobody hears as its beginning.
    const double Range = 25;

    /// <summary>Joins the clips that were made without background noise.</summary>
    /// <param name="longestPause">Pauses last from <paramref name="shortestPause"/> to this many seconds, between the voices themselves.</param>
    public static JoinedClips Read(int seed, double shortestPause, double longestPause, int count = int.MaxValue)
    {
        var random = new Random(seed);
        var clips = CleanClips();
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

    /// <summary>Names of the clips without background noise.</summary>
    public static string[] CleanClips()
    {
        using var truth = JsonDocument.Parse(File.ReadAllBytes(TestFiles.Data("clips", "truth.json")));
        return [.. truth.RootElement.EnumerateArray()
            .Where(clip => clip.TryGetProperty("noise", out var noise) && noise.GetString() is "")
            .Select(clip => clip.GetProperty("clip").GetString()!)];
    }

    /// <summary>First to last 10 ms of a clean clip that lie within 25 dB of its loudest tenth.</summary>
    public static SpeechRegion VoiceOf(ReadOnlySpan<float> samples)
    {
        var powers = new double[samples.Length / Frame];
        for (var i = 0; i < powers.Length; i++)
        {
            powers[i] = Sounds.Power(samples.Slice(i * Frame, Frame));
        }

        var threshold = powers.Order().ElementAt(powers.Length * 9 / 10) * Math.Pow(10, -Range / 10);
        return new SpeechRegion(
            Array.FindIndex(powers, power => power >= threshold) * Frame,
            (Array.FindLastIndex(powers, power => power >= threshold) + 1) * Frame);
    }
}
