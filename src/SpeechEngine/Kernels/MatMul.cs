using System.Runtime.Intrinsics;

namespace SpeechEngine.Kernels;

/// <summary>A right-hand matrix in panels, as <see cref="MatMul"/> wants it.</summary>
unsafe struct PanelView
{
    public PanelFormat Format;

    /// <summary>Whether <see cref="BlockRounding"/> applies to what is multiplied with it.</summary>
    public bool RoundsActivations;

    /// <summary>First byte of the first panel.</summary>
    public byte* Data;

    /// <summary>Bytes from one panel to the next.</summary>
    public long PanelBytes;

    /// <summary>Bytes from one k to the next inside a panel.</summary>
    public int RowBytes;

    /// <summary>k: columns of the left matrix.</summary>
    public int Inputs;

    /// <summary>Panels to compute; the destination's rows have room for 32 columns each.</summary>
    public int Panels;

    /// <summary>Panels that follow each other without gaps, [inputs, columns].</summary>
    public static PanelView Of(PanelFormat format, byte* data, int inputs, int columns) => new()
    {
        Format = format,
        Data = data,
        PanelBytes = Panel.Bytes(format, inputs),
        RowBytes = Panel.Columns * Panel.ElementBytes(format),
        Inputs = inputs,
        Panels = Panel.CountFor(columns),
    };
}

/// <summary>Product of a few or many rows with a matrix in panels: C[m, n] = A[m, k] · B[k, n] (· scale + bias + C).</summary>
static unsafe class MatMul
{
    /// <summary>Computes <paramref name="rows"/> rows on the calling thread.</summary>
    /// <param name="a">Rows of A, <paramref name="lda"/> floats apart; they may overlap (a convolution is a product with overlapping rows).</param>
    /// <param name="finish">Scale, bias (from B's first column) and residual.</param>
    /// <param name="c">Rows of C, <paramref name="ldc"/> floats apart, each with room for whole panels.</param>
    public static void Compute(float* a, nint lda, int rows, in PanelView b, in TileFinish finish, float* c, nint ldc)
    {
        switch (Simd.Width)
        {
            case SimdWidth.Vector512:
                Compute512(a, lda, rows, in b, in finish, c, ldc);
                break;
            case SimdWidth.Vector256:
                Compute256(a, lda, rows, in b, in finish, c, ldc);
                break;
            case SimdWidth.Vector128:
                Compute128(a, lda, rows, in b, in finish, c, ldc);
                break;
            default:
                ComputeScalar(a, lda, rows, in b, in finish, c, ldc);
                break;
        }
    }

    internal static void Compute512(float* a, nint lda, int rows, in PanelView b, in TileFinish finish, float* c, nint ldc) =>
        AllPanels<Lanes512, Vector512<float>>(a, lda, rows, in b, in finish, c, ldc);

    internal static void Compute256(float* a, nint lda, int rows, in PanelView b, in TileFinish finish, float* c, nint ldc) =>
        AllPanels<Lanes256, Vector256<float>>(a, lda, rows, in b, in finish, c, ldc);

    internal static void Compute128(float* a, nint lda, int rows, in PanelView b, in TileFinish finish, float* c, nint ldc) =>
        AllPanels<Lanes128, Vector128<float>>(a, lda, rows, in b, in finish, c, ldc);

    internal static void ComputeScalar(float* a, nint lda, int rows, in PanelView b, in TileFinish finish, float* c, nint ldc) =>
        AllPanels<LanesScalar, float>(a, lda, rows, in b, in finish, c, ldc);

    static void AllPanels<TLanes, TVector>(float* a, nint lda, int rows, in PanelView b, in TileFinish finish, float* c, nint ldc)
        where TLanes : struct, ILanes<TVector>
    {
        var panelFinish = finish;
        for (var panel = 0; panel < b.Panels; panel++)
        {
            panelFinish.Bias = finish.Bias is null ? null : finish.Bias + (panel * Panel.Columns);
            var data = b.Data + (panel * b.PanelBytes);
            var destination = c + (panel * Panel.Columns);
            switch (b.Format)
            {
                case PanelFormat.Float:
                    OnePanel<TLanes, TVector, FloatPanel>(a, lda, rows, data, in b, in panelFinish, destination, ldc);
                    break;
                case PanelFormat.Half:
                    OnePanel<TLanes, TVector, HalfPanel>(a, lda, rows, data, in b, in panelFinish, destination, ldc);
                    break;
                case PanelFormat.Bytes:
                    OnePanel<TLanes, TVector, BytesPanel>(a, lda, rows, data, in b, in panelFinish, destination, ldc);
                    break;
                default:
                    OnePanel<TLanes, TVector, ShortBytesPanel>(a, lda, rows, data, in b, in panelFinish, destination, ldc);
                    break;
            }
        }
    }

    static void OnePanel<TLanes, TVector, TPanel>(
        float* a, nint lda, int rows, byte* panel, in PanelView b, in TileFinish finish, float* c, nint ldc)
        where TLanes : struct, ILanes<TVector>
        where TPanel : struct, IPanelReader
    {
        var row = 0;
        while (row < rows)
        {
            var left = rows - row;
            var from = a + (row * lda);
            var to = c + (row * ldc);
            if (left >= 12 && TLanes.Count == 16)
            {
                Columns<TLanes, TVector, Rows12, TPanel>(from, lda, panel, in b, to, ldc, in finish);
                row += 12;
            }
            else if (left >= 6)
            {
                Columns<TLanes, TVector, Rows6, TPanel>(from, lda, panel, in b, to, ldc, in finish);
                row += 6;
            }
            else if (left >= 4)
            {
                Columns<TLanes, TVector, Rows4, TPanel>(from, lda, panel, in b, to, ldc, in finish);
                row += 4;
            }
            else if (left >= 2)
            {
                Columns<TLanes, TVector, Rows2, TPanel>(from, lda, panel, in b, to, ldc, in finish);
                row += 2;
            }
            else
            {
                Columns<TLanes, TVector, Rows1, TPanel>(from, lda, panel, in b, to, ldc, in finish);
                row++;
            }
        }
    }

    static void Columns<TLanes, TVector, TRows, TPanel>(
        float* a, nint lda, byte* panel, in PanelView b, float* c, nint ldc, in TileFinish finish)
        where TLanes : struct, ILanes<TVector>
        where TRows : struct, IRowCount
        where TPanel : struct, IPanelReader
    {
        for (var column = 0; column < Panel.Columns; column += 2 * TLanes.Count)
        {
            MatMulTile.Compute<TLanes, TVector, TRows, TPanel>(a, lda, panel, b.RowBytes, b.Inputs, column, c, ldc, in finish);
        }
    }
}
