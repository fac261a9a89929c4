using System.Runtime.CompilerServices;

namespace SpeechEngine.Kernels;

/// <summary>Number of rows a tile computes at once, as a type: the compiler drops the code of the rows a tile does not have.</summary>
interface IRowCount
{
    static abstract int Value { get; }
}

readonly struct Rows1 : IRowCount
{
    public static int Value => 1;
}

readonly struct Rows2 : IRowCount
{
    public static int Value => 2;
}

readonly struct Rows4 : IRowCount
{
    public static int Value => 4;
}

readonly struct Rows6 : IRowCount
{
    public static int Value => 6;
}

readonly struct Rows12 : IRowCount
{
    public static int Value => 12;
}

/// <summary>What happens to a finished sum before it is stored.</summary>
unsafe struct TileFinish
{
    /// <summary>Factor of every sum: undoes the scale the panel's values were stored with.</summary>
    public float Scale;

    /// <summary>Added per column when not null; starts at the panel's first column.</summary>
    public float* Bias;

    /// <summary>Adds what the destination held before: the residual connection.</summary>
    public bool Accumulate;
}

/// <summary>
/// The one inner loop of the engine: C[rows, 2 vectors] = A[rows, k] · panel[k, 2 vectors]. All sums stay in registers:
/// 12 rows x 2 vectors leave 8 of the 32 registers of AVX-512 for the panel and A; AVX2 with its 16 takes 6 rows.
/// </summary>
static unsafe class MatMulTile
{
    /// <summary>Computes one tile.</summary>
    /// <param name="a">First row of A; row r starts at a + r·lda floats.</param>
    /// <param name="panel">The panel; consecutive k are <paramref name="panelStride"/> bytes apart (byte formats: blocks follow each other).</param>
    /// <param name="column">First column of the tile within the panel.</param>
    /// <param name="c">First row of C at the panel's first column; row r starts at c + r·ldc floats.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compute<TLanes, TVector, TRows, TPanel>(
        float* a, nint lda, byte* panel, nint panelStride, nint inputs, int column, float* c, nint ldc, in TileFinish finish)
        where TLanes : struct, ILanes<TVector>
        where TRows : struct, IRowCount
        where TPanel : struct, IPanelReader
    {
        var zero = TLanes.Create(0f);
        TVector c00 = zero, c01 = zero;
        TVector c10 = zero, c11 = zero;
        TVector c20 = zero, c21 = zero;
        TVector c30 = zero, c31 = zero;
        TVector c40 = zero, c41 = zero;
        TVector c50 = zero, c51 = zero;
        TVector c60 = zero, c61 = zero;
        TVector c70 = zero, c71 = zero;
        TVector c80 = zero, c81 = zero;
        TVector c90 = zero, c91 = zero;
        TVector c100 = zero, c101 = zero;
        TVector c110 = zero, c111 = zero;
        TVector scale0 = zero, scale1 = zero, minimum0 = zero, minimum1 = zero;
        var second = column + TLanes.Count;
        var lda2 = 2 * lda;
        float* a0 = a, a1 = a + (3 * lda), a2 = a + (6 * lda), a3 = a + (9 * lda);

        for (nint start = 0; start < inputs;)
        {
            var end = inputs;
            if (TPanel.BlockRows > 0)
            {
                end = start + TPanel.BlockRows;
                scale0 = TLanes.Load((float*)panel + column);
                scale1 = TLanes.Load((float*)panel + second);
                minimum0 = TLanes.Load((float*)panel + Panel.Columns + column);
                minimum1 = TLanes.Load((float*)panel + Panel.Columns + second);
                panel += 2 * Panel.Columns * sizeof(float);
            }

            for (var k = start; k < end; k++)
            {
                var b0 = TPanel.Load<TLanes, TVector>(panel, column, scale0, minimum0);
                var b1 = TPanel.Load<TLanes, TVector>(panel, second, scale1, minimum1);
                panel += panelStride;
                if (TRows.Value > 0)
                {
                    var x = TLanes.Create(a0[k]);
                    c00 = TLanes.Fma(x, b0, c00);
                    c01 = TLanes.Fma(x, b1, c01);
                }

                if (TRows.Value > 1)
                {
                    var x = TLanes.Create(a0[k + lda]);
                    c10 = TLanes.Fma(x, b0, c10);
                    c11 = TLanes.Fma(x, b1, c11);
                }

                if (TRows.Value > 2)
                {
                    var x = TLanes.Create(a0[k + lda2]);
                    c20 = TLanes.Fma(x, b0, c20);
                    c21 = TLanes.Fma(x, b1, c21);
                }

                if (TRows.Value > 3)
                {
                    var x = TLanes.Create(a1[k]);
                    c30 = TLanes.Fma(x, b0, c30);
                    c31 = TLanes.Fma(x, b1, c31);
                }

                if (TRows.Value > 4)
                {
                    var x = TLanes.Create(a1[k + lda]);
                    c40 = TLanes.Fma(x, b0, c40);
                    c41 = TLanes.Fma(x, b1, c41);
                }

                if (TRows.Value > 5)
                {
                    var x = TLanes.Create(a1[k + lda2]);
                    c50 = TLanes.Fma(x, b0, c50);
                    c51 = TLanes.Fma(x, b1, c51);
                }

                if (TRows.Value > 6)
                {
                    var x = TLanes.Create(a2[k]);
                    c60 = TLanes.Fma(x, b0, c60);
                    c61 = TLanes.Fma(x, b1, c61);
                }

                if (TRows.Value > 7)
                {
                    var x = TLanes.Create(a2[k + lda]);
                    c70 = TLanes.Fma(x, b0, c70);
                    c71 = TLanes.Fma(x, b1, c71);
                }

                if (TRows.Value > 8)
                {
                    var x = TLanes.Create(a2[k + lda2]);
                    c80 = TLanes.Fma(x, b0, c80);
                    c81 = TLanes.Fma(x, b1, c81);
                }

                if (TRows.Value > 9)
                {
                    var x = TLanes.Create(a3[k]);
                    c90 = TLanes.Fma(x, b0, c90);
                    c91 = TLanes.Fma(x, b1, c91);
                }

                if (TRows.Value > 10)
                {
                    var x = TLanes.Create(a3[k + lda]);
                    c100 = TLanes.Fma(x, b0, c100);
                    c101 = TLanes.Fma(x, b1, c101);
                }

                if (TRows.Value > 11)
                {
                    var x = TLanes.Create(a3[k + lda2]);
                    c110 = TLanes.Fma(x, b0, c110);
                    c111 = TLanes.Fma(x, b1, c111);
                }
            }

            start = end;
        }

        if (TRows.Value > 0)
        {
            Finish<TLanes, TVector>(c00, c01, c + (0 * ldc), column, in finish);
        }

        if (TRows.Value > 1)
        {
            Finish<TLanes, TVector>(c10, c11, c + (1 * ldc), column, in finish);
        }

        if (TRows.Value > 2)
        {
            Finish<TLanes, TVector>(c20, c21, c + (2 * ldc), column, in finish);
        }

        if (TRows.Value > 3)
        {
            Finish<TLanes, TVector>(c30, c31, c + (3 * ldc), column, in finish);
        }

        if (TRows.Value > 4)
        {
            Finish<TLanes, TVector>(c40, c41, c + (4 * ldc), column, in finish);
        }

        if (TRows.Value > 5)
        {
            Finish<TLanes, TVector>(c50, c51, c + (5 * ldc), column, in finish);
        }

        if (TRows.Value > 6)
        {
            Finish<TLanes, TVector>(c60, c61, c + (6 * ldc), column, in finish);
        }

        if (TRows.Value > 7)
        {
            Finish<TLanes, TVector>(c70, c71, c + (7 * ldc), column, in finish);
        }

        if (TRows.Value > 8)
        {
            Finish<TLanes, TVector>(c80, c81, c + (8 * ldc), column, in finish);
        }

        if (TRows.Value > 9)
        {
            Finish<TLanes, TVector>(c90, c91, c + (9 * ldc), column, in finish);
        }

        if (TRows.Value > 10)
        {
            Finish<TLanes, TVector>(c100, c101, c + (10 * ldc), column, in finish);
        }

        if (TRows.Value > 11)
        {
            Finish<TLanes, TVector>(c110, c111, c + (11 * ldc), column, in finish);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Finish<TLanes, TVector>(TVector sum0, TVector sum1, float* c, int column, in TileFinish finish)
        where TLanes : struct, ILanes<TVector>
    {
        var scale = TLanes.Create(finish.Scale);
        float* c0 = c + column, c1 = c0 + TLanes.Count;
        TVector offset0 = TLanes.Create(0f), offset1 = offset0;
        if (finish.Bias is not null)
        {
            offset0 = TLanes.Load(finish.Bias + column);
            offset1 = TLanes.Load(finish.Bias + column + TLanes.Count);
        }

        if (finish.Accumulate)
        {
            offset0 = TLanes.Add(offset0, TLanes.Load(c0));
            offset1 = TLanes.Add(offset1, TLanes.Load(c1));
        }

        TLanes.Store(TLanes.Fma(sum0, scale, offset0), c0);
        TLanes.Store(TLanes.Fma(sum1, scale, offset1), c1);
    }
}
