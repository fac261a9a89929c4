using SpeechEngine.Kernels;
using SpeechEngine.Model;

namespace SpeechEngine.Loading;

/// <summary>One matrix of the file that becomes some columns of a packed one, with its bias.</summary>
/// <param name="Weight">Rows are outputs; null in a file without tensors, which counts as zeros.</param>
/// <param name="Bias">One value per output, or null for none.</param>
readonly record struct MatrixPart(TensorEntry? Weight, TensorEntry? Bias);

/// <summary>
/// Lays the file's matrices out in panels. The values stay exactly those of the file: f32 becomes float panels, f16 half panels,
/// quantised types byte panels. Several matrices with the same input can become one (query, key, value), so that the
/// network needs one product for them.
/// </summary>
static unsafe class MatrixPacker
{
    // binary16 denormals become normal when everything is scaled by 2^10; weights of 64 and more, which would overflow, are the exception.
    const int HalfShift = 10;
    const ushort Overflow = 0xFFFF;

    static readonly ushort[] Shifted = ShiftTable();

    /// <summary>Packs <paramref name="parts"/> side by side.</summary>
    /// <param name="inputs">k of the product.</param>
    /// <param name="outputs">Columns of each part; a multiple of 32 when there are several.</param>
    /// <param name="taps">Kernel width of a convolution: the file has [tap, channel], the product wants [channel, tap]; 1 otherwise.</param>
    public static PackedMatrix Pack(GgmlFile file, ReadOnlySpan<MatrixPart> parts, int inputs, int outputs, int taps = 1)
    {
        // Floats hold every value.
        return Pack(file, parts, inputs, outputs, taps, FormatOf(parts))
            ?? Pack(file, parts, inputs, outputs, taps, PanelFormat.Float)!;
    }

    static PanelFormat FormatOf(ReadOnlySpan<MatrixPart> parts)
    {
        PanelFormat? format = null;
        foreach (var part in parts)
        {
            var own = part.Weight?.Type switch
            {
                null or TensorType.F16 => PanelFormat.Half,
                TensorType.F32 => PanelFormat.Float,
                { } type => type.GroupValues() == Panel.BlockRows(PanelFormat.Bytes) ? PanelFormat.Bytes : PanelFormat.ShortBytes,
            };
            if (format is not null && format != own)
            {
                return PanelFormat.Float;
            }

            format = own;
        }

        return format ?? PanelFormat.Half;
    }

    /// <summary>Null when the values do not fit the format.</summary>
    static PackedMatrix? Pack(GgmlFile file, ReadOnlySpan<MatrixPart> parts, int inputs, int outputs, int taps, PanelFormat format)
    {
        var total = parts.Length * outputs;
        var panelBytes = Panel.Bytes(format, inputs);
        var data = new AlignedBuffer(panelBytes * Panel.CountFor(total));
        AlignedBuffer? bias = null;
        var fits = true;
        for (var i = 0; i < parts.Length; i++)
        {
            var firstColumn = i * outputs;
            if (parts[i].Bias is { } biasTensor)
            {
                bias ??= AlignedBuffer.ForFloats(Panel.Padded(total));
                new Span<float>(file.DataOf(biasTensor), outputs).CopyTo(new Span<float>(bias.Floats + firstColumn, outputs));
            }

            if (parts[i].Weight is { } weight)
            {
                var source = file.DataOf(weight);
                var destination = data.Data + (firstColumn / Panel.Columns * panelBytes);
                Parallel.For(0, Panel.CountFor(outputs), panel =>
                {
                    var rows = new SourceRows(weight.Type, source, inputs, taps, panel * Panel.Columns, Math.Min(Panel.Columns, outputs - (panel * Panel.Columns)));
                    if (!PackPanel(format, in rows, destination + (panel * panelBytes)))
                    {
                        Volatile.Write(ref fits, false);
                    }
                });
            }
        }

        if (!fits)
        {
            data.Dispose();
            bias?.Dispose();
            return null;
        }

        var scale = format == PanelFormat.Half ? Panel.HalfScale / (1 << HalfShift) : 1f;
        return new PackedMatrix(format, inputs, total, scale, data, bias, roundsActivations: format == PanelFormat.Bytes && !HasSuperBlocks(parts));
    }

    static bool HasSuperBlocks(ReadOnlySpan<MatrixPart> parts)
    {
        foreach (var part in parts)
        {
            if (part.Weight is { } weight && weight.Type.HasSuperBlocks())
            {
                return true;
            }
        }

        return false;
    }

    static bool PackPanel(PanelFormat format, in SourceRows rows, byte* panel)
    {
        switch (format)
        {
            case PanelFormat.Half:
                return PackHalves(in rows, (ushort*)panel);
            case PanelFormat.Bytes or PanelFormat.ShortBytes:
                PackBytes(format, in rows, panel);
                return true;
            default:
                PackFloats(in rows, (float*)panel);
                return true;
        }
    }

    static bool PackHalves(in SourceRows rows, ushort* panel)
    {
        var fits = true;
        for (var lane = 0; lane < rows.Count; lane++)
        {
            var source = (ushort*)rows.Row(lane);
            for (var k = 0; k < rows.Inputs; k++)
            {
                var value = Shifted[source[rows.SourceIndex(k)]];
                fits &= value != Overflow;
                panel[(k * Panel.Columns) + lane] = value;
            }
        }

        return fits;
    }

    static void PackFloats(in SourceRows rows, float* panel)
    {
        Span<sbyte> integers = stackalloc sbyte[TensorTypes.LargestGroup];
        for (var lane = 0; lane < rows.Count; lane++)
        {
            var source = rows.Row(lane);
            float scale = 0f, minimum = 0f;
            for (var k = 0; k < rows.Inputs; k++)
            {
                if (!rows.Type.IsQuantised())
                {
                    var index = rows.SourceIndex(k);
                    panel[(k * Panel.Columns) + lane] = rows.Type == TensorType.F32 ? ((float*)source)[index] : (float)((Half*)source)[index];
                    continue;
                }

                var (group, at) = Math.DivRem(k, rows.Type.GroupValues());
                if (at == 0)
                {
                    (scale, minimum) = rows.OpenGroup(lane, group, integers);
                }

                panel[(k * Panel.Columns) + lane] = (integers[at] * scale) + minimum;
            }
        }
    }

    static void PackBytes(PanelFormat format, in SourceRows rows, byte* panel)
    {
        Span<sbyte> integers = stackalloc sbyte[TensorTypes.LargestGroup];
        var blockRows = Panel.BlockRows(format);
        for (var lane = 0; lane < rows.Count; lane++)
        {
            for (var block = 0; block < rows.Inputs / blockRows; block++)
            {
                var (scale, minimum) = rows.OpenGroup(lane, block, integers);
                var target = panel + (block * Panel.BlockBytes(format));
                ((float*)target)[lane] = scale;
                ((float*)target)[Panel.Columns + lane] = minimum;
                var values = (sbyte*)(target + (2 * Panel.Columns * sizeof(float)));
                for (var k = 0; k < blockRows; k++)
                {
                    values[(k * Panel.Columns) + lane] = integers[k];
                }
            }
        }
    }

    /// <summary>binary16 bits times 2^10, still as binary16 bits, for all 65,536 inputs.</summary>
    static ushort[] ShiftTable()
    {
        var table = new ushort[1 << 16];
        for (var bits = 0; bits < table.Length; bits++)
        {
            var value = (float)BitConverter.UInt16BitsToHalf((ushort)bits) * (1 << HalfShift);
            table[bits] = MathF.Abs(value) <= 65504f ? BitConverter.HalfToUInt16Bits((Half)value) : Overflow;
        }

        return table;
    }

    /// <summary>Up to 32 rows of a file's matrix, which become the columns of one panel.</summary>
    readonly struct SourceRows(TensorType type, byte* data, int inputs, int taps, int first, int count)
    {
        readonly long _rowBytes = type.Bytes(inputs);
        readonly int _channels = inputs / taps;

        public TensorType Type => type;

        public int Inputs => inputs;

        public int Count => count;

        public byte* Row(int lane) => data + ((first + lane) * _rowBytes);

        /// <summary>Integers, scale and minimum of one group of a quantised row.</summary>
        public (float Scale, float Minimum) OpenGroup(int lane, int group, Span<sbyte> integers)
        {
            var (block, inBlock) = Math.DivRem(group, type.BlockValues() / type.GroupValues());
            return QuantisedBlock.Open(type, new ReadOnlySpan<byte>(Row(lane) + (block * type.BlockBytes()), type.BlockBytes()), inBlock, integers);
        }

        /// <summary>Where the row keeps the value of input k; only convolutions are ordered differently in the file.</summary>
        public int SourceIndex(int k) => taps == 1 ? k : (k % _channels * taps) + (k / _channels);
    }
}
