using SpeechEngine.Speech;
using SpeechEngine.Speech.Silero;
using SpeechEngine.Speech.Spectral;

namespace SpeechEngine.Tests.Speech;

/// <summary>Speech by voices that the detector was never fitted to, through noises, channels and levels.</summary>
[Trait("Category", "Slow")]
public sealed class SpectralDetectorSpeechTests
{
    [Theory]
    [InlineData("white 20 dB", 201, 1.0, 0.95)]
    [InlineData("white 20 dB", 202, 1.0, 0.95)]
    [InlineData("white 20 dB", 203, 1.0, 0.95)]
    [InlineData("clean", 204, 1.0, 0.95)]
    [InlineData("white 5 dB", 205, 0.9, 0)]
    [InlineData("pink 10 dB", 206, 0.95, 0)]
    [InlineData("-40 dBFS", 207, 1.0, 0.95)]
    [InlineData("telephone", 208, 1.0, 0.9)]
    [InlineData("hum 20 dB", 209, 1.0, 0.9)]
    public void Utterances_are_found_with_their_edges_and_nothing_between_them(string through, int seed, double leastFound, double leastSharp)
    {
        using var detector = new SpectralDetector();
        var joined = JoinedClips.Read(seed, 0.3, 5);

        var samples = Through(through, joined, seed);
        var regions = SpeechRegions.Find(detector.Detect(samples, TestContext.Current.CancellationToken), new SpeechDetectionOptions(), samples.Length);

        var count = joined.Utterances.Count;
        var found = joined.Utterances.Count(utterance => regions.Exists(region => Overlap(region, utterance.Voice)));
        var sharp = joined.Utterances.Where(utterance => HasBothEdges(utterance.Voice, regions)).ToArray();
        var stray = regions.Count(region => !joined.Utterances.Any(utterance => Overlap(region, utterance.Voice)));
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{through}, seed {seed}: {count} utterances, {found} found, {sharp.Length} with both edges within 150 ms, {stray} regions in pauses; not: "
            + string.Join(", ", joined.Utterances.Except(sharp).Select(utterance => Edges(utterance, regions))));
        Assert.Equal(0, stray);
        Assert.InRange(found, (int)Math.Ceiling(leastFound * count), count);
        Assert.InRange(sharp.Length, (int)Math.Ceiling(leastSharp * count), count);
    }

    [Fact]
    public void A_real_recording_is_cut_much_as_by_the_network_of_Silero()
    {
        using var audio = Recording.Read(TestFiles.Shared("models", "jfk.wav"));
        using var silero = SileroDetector.Load(TestFiles.Shared("models", "silero-v6.2.0-ggml.bin"));
        using var detector = new SpectralDetector();

        var expected = SpeechRegions.Find(silero.Detect(audio.Samples, TestContext.Current.CancellationToken), new SpeechDetectionOptions(), audio.SampleCount);
        var actual = SpeechRegions.Find(detector.Detect(audio.Samples, TestContext.Current.CancellationToken), new SpeechDetectionOptions(), audio.SampleCount);

        var frames = Enumerable.Range(0, audio.SampleCount / 160).ToArray();
        var agreed = frames.Count(frame => Holds(expected, frame) == Holds(actual, frame)) / (double)frames.Length;
        TestContext.Current.TestOutputHelper?.WriteLine($"{agreed:p1} of the frames agree: {string.Join(" ", expected)} and {string.Join(" ", actual)}");

        // A known limit: a noise before the first word counts as speech, and the soft end of another word does not.
        Assert.InRange(agreed, 0.86, 1.0);

        static bool Holds(List<SpeechRegion> regions, int frame) => regions.Exists(region => region.Start <= frame * 160 && frame * 160 < region.End);
    }

    static float[] Through(string through, JoinedClips joined, int seed)
    {
        var seconds = (joined.Samples.Length / 16000.0) + 1;
        var voice = 10 * Math.Log10(joined.VoicePower());
        return through switch
        {
            "white 20 dB" => Sounds.Mix(joined.Samples, Sounds.White(seconds, voice - 20, seed)),
            "white 5 dB" => Sounds.Mix(joined.Samples, Sounds.White(seconds, voice - 5, seed)),
            "pink 10 dB" => Sounds.Mix(joined.Samples, Sounds.Pink(seconds, voice - 10, seed)),
            "hum 20 dB" => Sounds.Mix(joined.Samples, Sounds.Hum(seconds, 50, voice - 20, seed)),
            "telephone" => Sounds.Telephone(Sounds.Mix(joined.Samples, Sounds.White(seconds, voice - 30, seed))),
            "-40 dBFS" => Sounds.AtLevel(Sounds.Mix(joined.Samples, Sounds.White(seconds, voice - 30, seed)), -40),
            _ => joined.Samples,
        };
    }

    static string Edges(Utterance utterance, List<SpeechRegion> regions)
    {
        var over = regions.FindAll(region => Overlap(region, utterance.Voice));
        return over.Count == 0 ? utterance.Clip : $"{utterance.Clip} {(over[0].Start - utterance.Voice.Start) / 16:+0;-0} {(over[^1].End - utterance.Voice.End) / 16:+0;-0} ms";
    }

    static bool HasBothEdges(SpeechRegion voice, List<SpeechRegion> regions)
    {
        const int Near = 150 * 16;
        var over = regions.FindAll(region => Overlap(region, voice));
        return over.Count > 0 && Math.Abs(over[0].Start - voice.Start) <= Near && Math.Abs(over[^1].End - voice.End) <= Near;
    }

    static bool Overlap(SpeechRegion one, SpeechRegion other) => one.Start < other.End && other.Start < one.End;
}
