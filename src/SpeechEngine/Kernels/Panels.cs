using System.Runtime.CompilerServices;

namespace SpeechEngine.Kernels;

/// <summary>
/// How the right-hand matrix of a product lies in memory. All are cut into panels of <see cref="Panel.Columns"/> columns;
/// inside a panel the rows (the summed index k) follow each other, so a product reads memory strictly forward.
/// </summary>
enum PanelFormat
{
    /// <summary>[k][32] floats.</summary>
    Float,

    /// <summary>[k][32] binary16; products come out 2^-112 too small (see <see cref="ILanes{TVector}.LoadHalfBits"/>).</summary>
    Half,

    /// <summary>Blocks of 32 k: 32 float scales, 32 float minima, then [32][32] signed bytes; value = byte·scale + minimum. 10 bits a value.</summary>
    Bytes,

    /// <summary>As <see cref="Bytes"/> in blocks of 16 k, for the types whose scales belong to 16 values. 12 bits a value.</summary>
    ShortBytes,
}

/// <summary>Sizes of a panel.</summary>
static unsafe class Panel
{
    /// <summary>Columns of a panel: two registers of the widest vectors.</summary>
    public const int Columns = 32;

    /// <summary>What undoes the exponent shift of <see cref="ILanes{TVector}.LoadHalfBits"/>.</summary>
    public const float HalfScale = 5.192296858534828e33f;

    /// <summary>k per block of scales, minima and values; 0 for the formats without scales.</summary>
    public static int BlockRows(PanelFormat format) => format switch
    {
        PanelFormat.Bytes => BytesPanel.BlockRows,
        PanelFormat.ShortBytes => ShortBytesPanel.BlockRows,
        _ => 0,
    };

    /// <summary>Bytes of one block: scales, minima, values.</summary>
    public static int BlockBytes(PanelFormat format) => (2 * Columns * sizeof(float)) + (BlockRows(format) * Columns);

    /// <summary>Bytes of one panel with <paramref name="inputs"/> rows.</summary>
    public static long Bytes(PanelFormat format, int inputs) => BlockRows(format) > 0
        ? (long)inputs / BlockRows(format) * BlockBytes(format)
        : (long)inputs * Columns * ElementBytes(format);

    /// <summary>Bytes of one stored value.</summary>
    public static int ElementBytes(PanelFormat format) => format switch
    {
        PanelFormat.Float => sizeof(float),
        PanelFormat.Half => sizeof(ushort),
        _ => sizeof(sbyte),
    };

    /// <summary>Panels that hold <paramref name="columns"/> columns; the last one is filled up with zeros.</summary>
    public static int CountFor(int columns) => (columns + Columns - 1) / Columns;

    /// <summary><paramref name="columns"/> rounded up to whole panels.</summary>
    public static int Padded(int columns) => CountFor(columns) * Columns;

    /// <summary>Float panels of the matrix that <paramref name="value"/> gives for (input, output): transforms and filter banks.</summary>
    public static AlignedBuffer Floats(int inputs, int outputs, Func<int, int, double> value)
    {
        var buffer = AlignedBuffer.ForFloats((long)Padded(outputs) * inputs);
        for (var column = 0; column < outputs; column++)
        {
            var panel = buffer.Floats + ((long)(column / Columns) * inputs * Columns);
            for (var k = 0; k < inputs; k++)
            {
                panel[(k * Columns) + (column % Columns)] = (float)value(k, column);
            }
        }

        return buffer;
    }
}

/// <summary>Reads one vector of a panel row; a struct per format, so that the kernel is compiled once per format.</summary>
unsafe interface IPanelReader
{
    /// <summary><see cref="Panel.BlockRows"/> of the format: a constant to the compiler.</summary>
    static abstract int BlockRows { get; }

    /// <summary>Columns [column, column + Count) of the row at <paramref name="row"/>; scale and minimum apply to the byte formats only.</summary>
    static abstract TVector Load<TLanes, TVector>(byte* row, int column, TVector scale, TVector minimum)
        where TLanes : struct, ILanes<TVector>;
}

readonly unsafe struct FloatPanel : IPanelReader
{
    public static int BlockRows => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TLanes, TVector>(byte* row, int column, TVector scale, TVector minimum)
        where TLanes : struct, ILanes<TVector> => TLanes.Load((float*)row + column);
}

readonly unsafe struct HalfPanel : IPanelReader
{
    public static int BlockRows => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TLanes, TVector>(byte* row, int column, TVector scale, TVector minimum)
        where TLanes : struct, ILanes<TVector> => TLanes.LoadHalfBits((ushort*)row + column);
}

readonly unsafe struct BytesPanel : IPanelReader
{
    public static int BlockRows => 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TLanes, TVector>(byte* row, int column, TVector scale, TVector minimum)
        where TLanes : struct, ILanes<TVector> => TLanes.Fma(TLanes.LoadBytes((sbyte*)row + column), scale, minimum);
}

readonly unsafe struct ShortBytesPanel : IPanelReader
{
    public static int BlockRows => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TLanes, TVector>(byte* row, int column, TVector scale, TVector minimum)
        where TLanes : struct, ILanes<TVector> => BytesPanel.Load<TLanes, TVector>(row, column, scale, minimum);
}
