using SpeechEngine.Loading;
using SpeechEngine.Speech.Silero;

namespace SpeechEngine.Tests.Speech;

/// <summary>The expected numbers are whisper.cpp's for the same file and recording.</summary>
public sealed class SileroDetectorTests
{
    const double Tolerance = 1e-4;

    static string Model => TestFiles.Shared("models", "silero-v6.2.0-ggml.bin");

    [Fact]
    public void Probabilities_are_those_of_whisper_cpp()
    {
        using var detector = SileroDetector.Load(Model);
        using var audio = Recording.Read(TestFiles.Shared("models", "jfk.wav"));

        var values = detector.Detect(audio.Samples, TestContext.Current.CancellationToken).Values;

        Assert.Equal(344, values.Length);
        double[] first = [0.001695, 0.083180, 0.307917, 0.135573, 0.083610, 0.044089, 0.058122, 0.059241, 0.036349, 0.044111, 0.321617, 0.940025, 0.882432];
        (int Index, double Value)[] known =
        [
            .. first.Select((value, index) => (index, value)),
            (69, 0.662944), (70, 0.297321), (103, 0.985018), (118, 0.546293), (169, 0.989119),
            (340, 0.110021), (341, 0.457025), (342, 0.822160), (343, 0.677896),
        ];
        var worst = known.Max(pair => Math.Abs(values[pair.Index] - pair.Value));
        TestContext.Current.TestOutputHelper?.WriteLine($"largest difference {worst:e2}, sum {values.Sum(value => (double)value):f4}");
        Assert.InRange(worst, 0, Tolerance);
        Assert.InRange(values.Sum(value => (double)value), 235.4894 - 0.005, 235.4894 + 0.005);
    }

    [Fact]
    public void A_damaged_file_is_refused()
    {
        var sound = File.ReadAllBytes(Model);
        var random = new Random(5);
        for (var round = 0; round < 20; round++)
        {
            using var cut = new TempFile(sound[..random.Next(sound.Length)]);
            Assert.Throws<InvalidModelException>(() => SileroDetector.Load(cut.Path));
        }

        // The magic number, the kind, the major version, the window, a layer's inputs, the first tensor's type.
        foreach (var at in new[] { 0, 9, 18, 30, 42, 116 })
        {
            var bytes = sound.ToArray();
            bytes[at] = 99;
            using var file = new TempFile(bytes);
            Assert.Contains(file.Path, Assert.Throws<InvalidModelException>(() => SileroDetector.Load(file.Path)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_whisper_model_is_refused() =>
        Assert.Contains("kind", Assert.Throws<InvalidModelException>(() => SileroDetector.Load(TestFiles.BundledModel)).Message, StringComparison.Ordinal);

    [Fact]
    public void Nothing_but_the_probabilities_is_allocated()
    {
        using var detector = SileroDetector.Load(Model);
        var samples = Sounds.White(5, -30, 1);

        Assert.InRange(Allocations.Of(() => detector.Detect(samples, CancellationToken.None)), 0, (157 * sizeof(float)) + 200);
    }
}
