using SpeechEngine.Kernels;
using SpeechEngine.Loading;
using SpeechEngine.Model;

namespace SpeechEngine.Speech.Silero;

/// <summary>The weights of Silero's network, packed for products; immutable and shared by all calls.</summary>
sealed unsafe class SileroWeights : IDisposable
{
    readonly List<IDisposable> _buffers = [];

    SileroWeights(SileroFile file)
    {
        Spectrum = Own(MatrixPacker.Pack(
            file,
            [new MatrixPart(file.Find("_model.stft.forward_basis_buffer", null, SileroDetector.Basis, 1, 2 * SileroDetector.Bins), null)],
            SileroDetector.Basis,
            2 * SileroDetector.Bins));
        Convolutions = [.. SileroDetector.Layers.Select((layer, index) => Convolution(file, index, layer.Inputs, layer.Outputs))];
        Input = Recurrent(file, "ih");
        State = Recurrent(file, "hh");
        Final = Own(AlignedBuffer.ForFloats(SileroDetector.Hidden));
        ReadFinal(file);
    }

    /// <summary>256 samples → 129 real and 129 imaginary parts.</summary>
    public PackedMatrix Spectrum { get; }

    /// <summary>The four convolutions over three frames, as products with 3·channels inputs.</summary>
    public PackedMatrix[] Convolutions { get; }

    /// <summary>What the encoder says → gates of the memory cell.</summary>
    public PackedMatrix Input { get; }

    /// <summary>The hidden state → gates of the memory cell.</summary>
    public PackedMatrix State { get; }

    /// <summary>The last layer, one output.</summary>
    public AlignedBuffer Final { get; }

    /// <summary>The last layer's bias.</summary>
    public float FinalBias { get; private set; }

    /// <summary>Reads and packs all tensors.</summary>
    /// <exception cref="InvalidModelException">The file is damaged, truncated or something else.</exception>
    public static SileroWeights Load(string path)
    {
        using var file = SileroFile.Open(path);
        return new SileroWeights(file);
    }

    public void Dispose() => _buffers.ForEach(buffer => buffer.Dispose());

    PackedMatrix Convolution(SileroFile file, int layer, int inputs, int outputs)
    {
        var name = $"_model.encoder.{layer}.reparam_conv.";
        var part = new MatrixPart(
            file.Find(name + "weight", null, SileroDetector.Taps, inputs, outputs),
            file.Find(name + "bias", TensorType.F32, outputs));
        return Own(MatrixPacker.Pack(file, [part], SileroDetector.Taps * inputs, outputs, SileroDetector.Taps));
    }

    PackedMatrix Recurrent(SileroFile file, string which)
    {
        const int Gates = 4 * SileroDetector.Hidden;
        var part = new MatrixPart(
            file.Find($"_model.decoder.rnn.weight_{which}", null, SileroDetector.Hidden, Gates),
            file.Find($"_model.decoder.rnn.bias_{which}", TensorType.F32, Gates));
        return Own(MatrixPacker.Pack(file, [part], SileroDetector.Hidden, Gates));
    }

    void ReadFinal(SileroFile file)
    {
        var weight = file.Find("_model.decoder.decoder.2.weight", null, SileroDetector.Hidden);
        var data = file.DataOf(weight);
        for (var i = 0; i < SileroDetector.Hidden; i++)
        {
            // Nothing in the file is aligned.
            Final.Floats[i] = weight.Type == TensorType.F16
                ? (float)new ReadOnlySpan<Half>(data, SileroDetector.Hidden)[i]
                : new ReadOnlySpan<float>(data, SileroDetector.Hidden)[i];
        }

        FinalBias = new ReadOnlySpan<float>(file.DataOf(file.Find("_model.decoder.decoder.2.bias", TensorType.F32)), 1)[0];
    }

    T Own<T>(T buffer)
        where T : IDisposable
    {
        _buffers.Add(buffer);
        return buffer;
    }
}
