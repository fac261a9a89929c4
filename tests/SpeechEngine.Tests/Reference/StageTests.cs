using System.Runtime.InteropServices;
using SpeechEngine.Model;

namespace SpeechEngine.Tests.Reference;

/// <summary>Mel, encoder output and first logits of one clip against whisper.cpp's, stage by stage.</summary>
public sealed unsafe class StageTests(ITestOutputHelper output)
{
    const int Frames = ModelDimensions.WindowFrames;

    // whisper.cpp rounds activations to 16 bits (f16) or 8 bits (q8_0); an exact computation differs from it by 6e-4 and 6e-3.
    [Theory]
    [InlineData("f16", "ggml-demo-f16.bin", 1.2e-3, 0.012)]
    [InlineData("q8_0", "ggml-demo-q8_0.bin", 1.2e-2, 0.18)]
    [InlineData("random-v3", "ggml-random-v3.bin", 1.2e-3, 0.012)]
    public void Stages_agree_with_whisper_cpp(string stage, string model, double encoderRms, double encoderWorst)
    {
        var isBundled = stage == "q8_0";
        using var engine = SpeechToText.Load(isBundled ? TestFiles.BundledModel : TestFiles.Shared("demo-model", "models", model), new EngineSettings());
        using var audio = Recording.Read(TestFiles.Data("clips", "en-01.wav"));
        var mel = Floats(isBundled ? TestFiles.Data("reference", "stages", "mel-q8_0.f32") : TestFiles.Shared("demo-model", "stages", stage, "mel.f32"));
        var encoded = Floats(isBundled ? TestFiles.Data("reference", "stages", "encoder-q8_0.f32") : TestFiles.Shared("demo-model", "stages", stage, "encoder.f32"));
        var logits = Floats(TestFiles.Data("reference", "stages", $"logits-{stage}.f32"));
        var shape = engine.Dimensions;
        var state = engine.RentState();

        var loudest = float.NaN;
        state.ComputeMel(audio.Samples, 0, ref loudest, CancellationToken.None);
        var ourMel = new ReadOnlySpan<float>(state.Scratch.Mel.Floats + shape.Mels, Frames * shape.Mels);
        var referenceStride = mel.Length / shape.Mels;
        var transposed = new float[Frames * shape.Mels];
        for (var i = 0; i < transposed.Length; i++)
        {
            transposed[i] = mel[(i % shape.Mels * referenceStride) + (i / shape.Mels)];
        }

        var (melRms, melWorst) = Difference(ourMel, transposed);

        state.Encoder.Encode(state.Scratch, CancellationToken.None);
        var (rms, worst) = Difference(new ReadOnlySpan<float>(state.Scratch.Residual.Floats, encoded.Length), encoded);

        state.Encoder.FillCross(state.Scratch, state.Cross, CancellationToken.None);
        var vocabulary = engine.Vocabulary;
        state.SetRow(0, vocabulary.StartOfTranscript, 0, wantsLogits: false);
        state.SetRow(1, vocabulary.LanguageToken(0), 1, wantsLogits: false);
        state.SetRow(2, vocabulary.Transcribe, 2, wantsLogits: true);
        Assert.Equal(1, state.Decoder.Step(state.Rows.AsSpan(0, 3), state.Scratch, CancellationToken.None));
        var (logitRms, logitWorst) = Difference(state.Logits(0), logits);
        engine.ReturnState(state);

        output.WriteLine($"{stage}: mel rms {melRms:E1} worst {melWorst:E1}; encoder rms {rms:E1} worst {worst:F4}; logits rms {logitRms:E1} worst {logitWorst:F4}");
        Assert.InRange(melWorst, 0, 1e-3);
        Assert.InRange(rms, 0, encoderRms);
        Assert.InRange(worst, 0, encoderWorst);
        Assert.InRange(logitRms, 0, encoderRms);
    }

    static float[] Floats(string path) => MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(path)).ToArray();

    static (double RelativeRms, double Worst) Difference(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected)
    {
        Assert.Equal(expected.Length, actual.Length);
        double difference = 0, size = 0, worst = 0;
        for (var i = 0; i < actual.Length; i++)
        {
            var d = (double)actual[i] - expected[i];
            difference += d * d;
            size += (double)expected[i] * expected[i];
            worst = Math.Max(worst, Math.Abs(d));
        }

        return (Math.Sqrt(difference / size), worst);
    }
}
