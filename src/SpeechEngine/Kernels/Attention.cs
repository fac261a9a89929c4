namespace SpeechEngine.Kernels;

/// <summary>
/// Keys and values of one attention head over some positions.
/// Keys are panels of 32 positions, [position / 32][head size][32], so that scores come out as vectors over positions;
/// values are [position][head size], read as panels of 32 of their columns.
/// </summary>
unsafe struct HeadMemory
{
    public PanelFormat Format;
    public byte* Keys;
    public byte* Values;
    public int HeadSize;

    readonly int ElementBytes => Format == PanelFormat.Half ? sizeof(ushort) : sizeof(float);

    /// <summary>The keys of positions 0..positions-1 as the right side of queries · keys.</summary>
    public readonly PanelView KeyView(int positions) => new()
    {
        Format = Format,
        Data = Keys,
        PanelBytes = (long)HeadSize * Panel.Columns * ElementBytes,
        RowBytes = Panel.Columns * ElementBytes,
        Inputs = HeadSize,
        Panels = Panel.CountFor(positions),
    };

    /// <summary>The values of positions 0..positions-1 as the right side of probabilities · values.</summary>
    public readonly PanelView ValueView(int positions) => new()
    {
        Format = Format,
        Data = Values,
        PanelBytes = Panel.Columns * ElementBytes,
        RowBytes = HeadSize * ElementBytes,
        Inputs = positions,
        Panels = HeadSize / Panel.Columns,
    };
}

/// <summary>Scaled dot-product attention of a few query rows in one head: softmax(q·kᵀ/√size)·v.</summary>
static unsafe class Attention
{
    /// <summary>Rows that one call takes at most: what a tile computes at once.</summary>
    public const int MaxRows = 12;

    /// <summary>Computes up to <see cref="MaxRows"/> rows that see the same positions.</summary>
    /// <param name="queries">[rows, head size], rows <paramref name="queryStride"/> floats apart.</param>
    /// <param name="positions">Positions every row sees, at least 1.</param>
    /// <param name="scores">Room for rows · <paramref name="scoreStride"/> floats; the stride is at least the positions in whole panels.</param>
    /// <param name="output">[rows, head size], rows <paramref name="outputStride"/> floats apart.</param>
    public static void Compute(
        float* queries, nint queryStride, int rows, in HeadMemory head, int positions, float* scores, int scoreStride, float* output, nint outputStride)
    {
        var finish = new TileFinish { Scale = head.Format == PanelFormat.Half ? Panel.HalfScale : 1f };
        MatMul.Compute(queries, queryStride, rows, head.KeyView(positions), in finish, scores, scoreStride);

        var sums = stackalloc float[MaxRows];
        var scale = 1f / MathF.Sqrt(head.HeadSize);
        for (var row = 0; row < rows; row++)
        {
            Softmax.Compute(scores + (row * scoreStride), positions, scale, sums + row);
        }

        MatMul.Compute(scores, scoreStride, rows, head.ValueView(positions), in finish, output, outputStride);
        for (var row = 0; row < rows; row++)
        {
            var inverse = 1f / sums[row];
            var values = output + (row * outputStride);
            for (var i = 0; i < head.HeadSize; i++)
            {
                values[i] *= inverse;
            }
        }
    }
}
