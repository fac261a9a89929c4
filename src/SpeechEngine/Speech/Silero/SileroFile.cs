using System.Text;
using SpeechEngine.Loading;

namespace SpeechEngine.Speech.Silero;

/// <summary>
/// A Silero speech detection model as whisper.cpp's convert-silero-vad-to-ggml.py writes it. The header describes a network of any size,
/// but versions 5 and 6 have one and the same, and only that one is taken: a file with other numbers is damaged or needs other code.
/// </summary>
sealed class SileroFile : GgmlFile
{
    const string Kind = "silero-16k";

    SileroFile(string path)
        : base(path)
    {
    }

    /// <summary>Maps and checks the file.</summary>
    /// <exception cref="InvalidModelException">It is damaged, truncated, of an unsupported kind or something else altogether.</exception>
    public static SileroFile Open(string path) => Open(path, static path => new SileroFile(path));

    /// <summary>The tensor of this name, with this number of values and one of the two plain types.</summary>
    public TensorEntry Find(string name, TensorType? type, params ReadOnlySpan<int> shape)
    {
        var tensor = Tensors.TryGetValue(name, out var found) ? found : throw Invalid($"it lacks the tensor {name}.");
        var fits = Shape(shape, 0) == tensor.Columns && Shape(shape, 1) == tensor.Rows && Shape(shape, 2) == tensor.Planes;
        if (!fits || tensor.Type.IsQuantised() || (type is not null && type != tensor.Type))
        {
            throw Invalid($"{tensor} should have the shape [{Shape(shape, 0)}, {Shape(shape, 1)}, {Shape(shape, 2)}] and the type {type?.ToString() ?? "F16 or F32"}.");
        }

        return tensor;
    }

    protected override void ReadHeader()
    {
        ReadKind();
        var version = ReadBounded("the major version", 5, 6);
        ReadBounded($"the minor version of version {version}", 0, 1000);
        ReadBounded("the patch version", 0, 1000);
        Expect("n_window", SileroDetector.Window);
        ReadBounded("n_context", 0, SileroDetector.Window);
        Expect("n_encoder_layers", SileroDetector.Layers.Length);
        foreach (var (inputs, outputs) in SileroDetector.Layers)
        {
            Expect("an encoder layer's inputs", inputs);
            Expect("an encoder layer's outputs", outputs);
            Expect("an encoder layer's kernel", SileroDetector.Taps);
        }

        Expect("lstm_input_size", SileroDetector.Hidden);
        Expect("lstm_hidden_size", SileroDetector.Hidden);
        Expect("final_conv_in", SileroDetector.Hidden);
        Expect("final_conv_out", 1);
    }

    static int Shape(ReadOnlySpan<int> shape, int dimension) => dimension < shape.Length ? shape[dimension] : 1;

    void Expect(string what, int value) => ReadBounded(what, value, value);

    unsafe void ReadKind()
    {
        // A Whisper model has its vocabulary's size here, tens of thousands: the message then names the mistake.
        var length = ReadBounded($"the length of the model's kind (\"{Kind}\" of a speech detection model)", 1, 255);
        var kind = Encoding.UTF8.GetString(Take(length, "the model's kind"), length);
        if (kind != Kind)
        {
            throw Invalid($"it is a model of the kind \"{kind}\"; speech detection needs \"{Kind}\".");
        }
    }
}
