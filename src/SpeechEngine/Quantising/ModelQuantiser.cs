using System.Buffers.Binary;
using SpeechEngine.Loading;

namespace SpeechEngine.Quantising;

/// <summary>Writes a smaller model file: the weights of an f32 or f16 file in 4, 5 or 8 bits with a scale for every 32 of them.</summary>
public static class ModelQuantiser
{
    // Where a file's header has its type of weights, and what whisper.cpp adds to it: version 2 of the quantised layouts, times 1000.
    const int FileTypeOffset = 44;
    const int LayoutVersion = 2000;

    // Not weights of a product, although they have two dimensions.
    static readonly string[] KeptTensors =
        ["encoder.conv1.bias", "encoder.conv2.bias", "encoder.positional_embedding", "decoder.positional_embedding"];

    /// <summary>The types a file can be written in, the most exact first.</summary>
    public static IReadOnlyList<TensorType> Types { get; } =
        [TensorType.Q8_0, TensorType.Q5_1, TensorType.Q5_0, TensorType.Q4_1, TensorType.Q4_0];

    /// <summary>
    /// Quantises <paramref name="source"/> into <paramref name="target"/>, byte for byte as whisper.cpp's quantiser does: every matrix of a
    /// product is quantised, everything else is kept. The target appears under its name when it is complete, never before.
    /// </summary>
    /// <remarks>
    /// The convolutions of an f32 file become f16: whisper.cpp's quantiser leaves them f32, and its loader then refuses the file.
    /// </remarks>
    /// <param name="source">A ggml file with f32 or f16 weights.</param>
    /// <param name="target">The file to write; its folder exists.</param>
    /// <param name="type">One of <see cref="Types"/>.</param>
    /// <param name="replace">Whether a file at <paramref name="target"/> is replaced; without it that is an <see cref="IOException"/>.</param>
    /// <param name="progress">Receives the share of the source that is done, 0 to 1.</param>
    /// <param name="cancellation">Ends the work; nothing is left behind.</param>
    /// <exception cref="InvalidModelException">The source is no sound model, is quantised already, or has values the type cannot hold.</exception>
    /// <exception cref="IOException">The target cannot be written, or is there already.</exception>
    public static void Quantise(
        string source, string target, TensorType type, bool replace = false, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        if (!Types.Contains(type))
        {
            throw new ArgumentOutOfRangeException(nameof(type), type, $"A file can be written as {string.Join(", ", Types.Select(TensorTypes.Name))}.");
        }

        using var model = ModelFile.Open(source);
        CheckSource(model, type);
        CheckTarget(source, target, replace);
        var unfinished = $"{target}.{Guid.NewGuid():N}.tmp";
        var output = new FileStream(unfinished, FileMode.CreateNew, FileAccess.Write);
        try
        {
            using (output)
            {
                Write(model, output, type, progress, cancellation);

                // The bytes are on the disk before the name is: a power cut leaves no half model behind it.
                output.Flush(flushToDisk: true);
            }

            File.Move(unfinished, target, replace);
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }
    }

    static void CheckSource(ModelFile model, TensorType type)
    {
        if (!model.HasTensors)
        {
            throw model.Invalid("it has no weights to quantise.");
        }

        foreach (var tensor in model.Tensors.Values)
        {
            if (tensor.Type.IsQuantised())
            {
                throw model.Invalid($"it is already quantised ({tensor.Name} is {tensor.Type.Name()}); quantise the f16 or f32 file it was made from.");
            }

            if (IsQuantised(tensor) && tensor.Columns % type.BlockValues() != 0)
            {
                throw model.Invalid($"{tensor.Name} has rows of {tensor.Columns} values; {type.Name()} needs a multiple of {type.BlockValues()}.");
            }
        }
    }

    static void CheckTarget(string source, string target, bool replace)
    {
        if (Path.GetFullPath(source) == Path.GetFullPath(target))
        {
            throw new IOException($"{target} is the source itself.");
        }

        if (!replace && File.Exists(target))
        {
            throw new IOException($"{target} is there already.");
        }
    }

    static void Write(ModelFile model, FileStream output, TensorType type, IProgress<double>? progress, CancellationToken cancellation)
    {
        // Tensors lie behind each other to the file's end; what is before the first is the header, the filters and the vocabulary.
        var tensors = model.Tensors.Values.OrderBy(tensor => tensor.Start).ToArray();
        var front = model.Bytes(0, tensors[0].Start).ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(front.AsSpan(FileTypeOffset), LayoutVersion + FileTypeOf(type));
        output.Write(front);

        var length = tensors[^1].Offset + tensors[^1].Bytes;
        foreach (var tensor in tensors)
        {
            cancellation.ThrowIfCancellationRequested();
            var values = model.Bytes(tensor.Offset, tensor.Offset + tensor.Bytes);
            var written = IsQuantised(tensor) ? type : IsConvolution(tensor) ? TensorType.F16 : tensor.Type;
            var record = model.Bytes(tensor.Start, tensor.Offset).ToArray();
            BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(2 * sizeof(int)), (int)written);
            output.Write(record);
            if (!TensorQuantiser.TryWrite(values, tensor.Type, written, output))
            {
                throw model.Invalid($"{tensor.Name} has values that are not numbers or too large for {written.Name()}.");
            }

            progress?.Report((double)(tensor.Offset + tensor.Bytes) / length);
        }
    }

    static bool IsQuantised(TensorEntry tensor) => tensor.Dimensions == 2 && !KeptTensors.Contains(tensor.Name);

    static bool IsConvolution(TensorEntry tensor) => tensor.Dimensions == 3;

    /// <summary>ggml's number of a file whose weights are mostly of this type; the numbers of files and tensors differ.</summary>
    static int FileTypeOf(TensorType type) => type switch
    {
        TensorType.Q4_0 => 2,
        TensorType.Q4_1 => 3,
        TensorType.Q8_0 => 7,
        TensorType.Q5_0 => 8,
        _ => 9,
    };
}
