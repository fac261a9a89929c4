using SpeechEngine.Kernels;
using SpeechEngine.Model;

namespace SpeechEngine.Loading;

/// <summary>Hands out the file's tensors by name, checks their shapes and keeps count of what was asked for.</summary>
sealed unsafe class TensorSource
{
    // Only whisper.cpp's test files have no tensors. Their largest shape, "large", takes 3.1 GB of zeros; no header may ask for more.
    const long LargestWithoutTensors = 3_500_000_000;

    readonly HashSet<string> _used = [];

    public TensorSource(ModelFile file)
    {
        File = file;
        var shape = file.Dimensions;
        long state = shape.AudioState;
        var values = ((12 * shape.AudioLayers) + (16 * shape.TextLayers)) * state * state + (state * (shape.Vocabulary + 2000));
        if (!file.HasTensors && values * sizeof(ushort) > LargestWithoutTensors)
        {
            throw file.Invalid($"it holds no tensors, and its header asks for {values} weights, too many to make up.");
        }
    }

    ModelFile File { get; }

    /// <summary>A matrix "name.weight" with its "name.bias".</summary>
    public PackedMatrix Matrix(string name, int inputs, int outputs, bool bias = true) =>
        MatrixPacker.Pack(File, [new MatrixPart(Weight(name, inputs, outputs), bias ? Bias(name, outputs) : null)], inputs, outputs);

    /// <summary>Several matrices with the same input side by side; in Whisper only keys have no bias.</summary>
    public PackedMatrix Fused(int inputs, int outputs, params ReadOnlySpan<string> names)
    {
        var parts = new MatrixPart[names.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            parts[i] = new MatrixPart(
                Weight(names[i], inputs, outputs),
                names[i].EndsWith(".key", StringComparison.Ordinal) ? null : Bias(names[i], outputs));
        }

        return MatrixPacker.Pack(File, parts, inputs, outputs);
    }

    /// <summary>A convolution over three frames as a product with 3·channels inputs.</summary>
    public PackedMatrix Convolution(string name, int channels, int outputs)
    {
        const int Taps = 3;
        // Rows of three values cannot be quantised, so the shape also settles that the type is f16 or f32.
        var weight = Find(name + ".weight", Taps, channels, outputs);
        return MatrixPacker.Pack(File, [new MatrixPart(weight, Bias(name, outputs))], Taps * channels, outputs, Taps);
    }

    /// <summary>A tensor of floats as it is: gains, biases, positions.</summary>
    public AlignedBuffer Vector(string name, int columns, int rows = 1)
    {
        var buffer = AlignedBuffer.ForFloats((long)columns * rows);
        if (Floats(name, columns, rows) is { } tensor)
        {
            Buffer.MemoryCopy(File.DataOf(tensor), buffer.Data, buffer.Bytes, tensor.Bytes);
        }

        return buffer;
    }

    /// <summary>Complains about tensors nobody asked for: they belong to another kind of network.</summary>
    public void ExpectAllUsed()
    {
        if (File.Tensors.Keys.FirstOrDefault(name => !_used.Contains(name)) is { } unknown)
        {
            throw File.Invalid($"tensor {unknown} is not part of a Whisper network of the shape in its header.");
        }
    }

    TensorEntry? Weight(string name, int inputs, int outputs) => Find(name + ".weight", inputs, outputs, 1);

    // Convolution biases are written as [1, outputs], all others as [outputs].
    TensorEntry? Bias(string name, int outputs) => Floats(name + ".bias", outputs, 1);

    TensorEntry? Floats(string name, int columns, int rows)
    {
        if (Lookup(name) is not { } tensor)
        {
            return null;
        }

        return tensor.Type == TensorType.F32 && tensor.Count == (long)columns * rows
            ? tensor
            : throw File.Invalid($"{tensor} should be f32 with {columns} x {rows} values.");
    }

    TensorEntry? Find(string name, int columns, int rows, int planes)
    {
        if (Lookup(name) is not { } tensor)
        {
            return null;
        }

        return (tensor.Columns, tensor.Rows, tensor.Planes) == (columns, rows, planes)
            ? tensor
            : throw File.Invalid($"{tensor} should have the shape [{columns}, {rows}, {planes}].");
    }

    TensorEntry? Lookup(string name)
    {
        if (!File.HasTensors)
        {
            return null;
        }

        _used.Add(name);
        return File.Tensors.TryGetValue(name, out var tensor) ? tensor : throw File.Invalid($"it lacks the tensor {name}.");
    }
}
