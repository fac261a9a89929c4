using SpeechEngine.Speech.Spectral;

namespace SpeechEngine.Tests.Speech;

public sealed class SpectralDetectorTests
{
    [Fact]
    public void A_recording_without_samples_has_no_probabilities()
    {
        using var detector = new SpectralDetector();

        Assert.Empty(detector.Detect([], TestContext.Current.CancellationToken).Values);
        Assert.Single(detector.Detect(new float[1], TestContext.Current.CancellationToken).Values);
        Assert.Equal(3, detector.Detect(new float[321], TestContext.Current.CancellationToken).Values.Length);
    }

    [Fact]
    public void Nothing_but_the_probabilities_is_allocated()
    {
        using var detector = new SpectralDetector();
        var samples = Sounds.White(5, -30, 1);

        Assert.InRange(Allocations.Of(() => detector.Detect(samples, CancellationToken.None)), 0, (500 * sizeof(float)) + 200);
    }

    [Fact]
    public void Parts_of_a_long_recording_give_the_same_values_as_the_whole()
    {
        // What is known of a value's surroundings: 2 s for the background, 1.6 s for the network.
        const int Reach = 4 * 16000;
        const int Part = 50 * 16000;
        using var detector = new SpectralDetector();
        var joined = JoinedClips.Read(11, 0.3, 5, 35);
        var samples = Sounds.Mix(joined.Samples, Sounds.White(joined.Samples.Length / 16000.0, -60, 11));
        Assert.InRange(samples.Length, 130 * 16000, int.MaxValue);

        var whole = detector.Detect(samples, TestContext.Current.CancellationToken).Values;

        for (var first = 0; first + Part <= samples.Length; first += Part / 2)
        {
            var part = detector.Detect(samples.AsSpan(first, Part), TestContext.Current.CancellationToken).Values;
            for (var at = first == 0 ? 0 : Reach; at < Part - Reach; at += 160)
            {
                Assert.Equal(whole[(first + at) / 160], part[at / 160], 1e-4f);
            }
        }
    }

    [Fact]
    public async Task Concurrent_calls_give_the_same_as_calls_alone()
    {
        using var detector = new SpectralDetector();
        float[][] recordings = [.. Enumerable.Range(0, 6).Select(seed => JoinedClips.Read(seed, 0.3, 2, 3 + seed).Samples)];
        float[][] alone = [.. recordings.Select(samples => detector.Detect(samples, TestContext.Current.CancellationToken).Values)];

        var together = await Task.WhenAll(Enumerable.Range(0, 24).Select(call =>
            Task.Run(() => detector.Detect(recordings[call % 6], TestContext.Current.CancellationToken).Values)));

        for (var call = 0; call < together.Length; call++)
        {
            Assert.Equal(alone[call % 6], together[call]);
        }
    }
}
