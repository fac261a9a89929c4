using SpeechEngine.Audio;
using SpeechEngine.Decoding;
using SpeechEngine.Speech;

namespace SpeechEngine.Tests.Decoding;

public sealed class InventionGuardTests
{
    [Theory]
    [InlineData(0.5, false)]
    [InlineData(0.4, false)]
    [InlineData(0.3, true)]
    public void Whoever_asks_for_fainter_speech_gets_it(double threshold, bool heard)
    {
        using var audio = PcmAudio.FromSamples([.. Enumerable.Repeat(0.1f, 32_000)]);
        var speech = new SpeechProbabilities([.. Enumerable.Repeat(0.3f, 100)], 320);
        var options = new TranscribeOptions { SpeechDetection = new SpeechDetectionOptions { Threshold = threshold } };

        Assert.Equal(heard, new InventionGuard(speech, audio, options).HearsAnybody(TimeSpan.Zero, audio.Duration));
        Assert.False(new InventionGuard(speech, audio, new TranscribeOptions()).HearsAnybody(TimeSpan.Zero, audio.Duration));
    }
}
