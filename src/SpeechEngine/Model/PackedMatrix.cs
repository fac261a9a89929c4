using SpeechEngine.Kernels;

namespace SpeechEngine.Model;

/// <summary>
/// One weight matrix as the kernels read it, with its bias: y = x · W + b. Immutable after loading and shared by all states.
/// </summary>
sealed unsafe class PackedMatrix : IDisposable
{
    readonly AlignedBuffer _data;
    readonly AlignedBuffer? _bias;

    /// <summary>Takes over the two buffers.</summary>
    /// <param name="scale">Factor that turns stored values into true ones.</param>
    /// <param name="bias">[outputs, padded to whole panels], or null.</param>
    /// <param name="roundsActivations">Whether activations are rounded to 8 bits before the product.</param>
    public PackedMatrix(PanelFormat format, int inputs, int outputs, float scale, AlignedBuffer data, AlignedBuffer? bias, bool roundsActivations)
    {
        _data = data;
        _bias = bias;
        Outputs = outputs;
        Scale = scale;
        View = PanelView.Of(format, data.Data, inputs, outputs) with { RoundsActivations = roundsActivations };
    }

    /// <summary>The panels.</summary>
    public PanelView View { get; }

    /// <summary>Columns of the product that mean something; the rest of the last panel is zero.</summary>
    public int Outputs { get; }

    /// <summary>Factor that turns sums over stored values into true ones.</summary>
    public float Scale { get; }

    /// <summary>Scale and bias of this matrix as the end of a product.</summary>
    public TileFinish Finish(bool accumulate = false) =>
        new() { Scale = Scale, Bias = _bias is null ? null : _bias.Floats, Accumulate = accumulate };

    /// <summary>Writes the weights of output <paramref name="column"/> (a token's embedding) to <paramref name="destination"/>[inputs].</summary>
    public void CopyColumn(int column, float* destination)
    {
        var view = View;
        var panel = view.Data + (column / Panel.Columns * view.PanelBytes);
        var lane = column % Panel.Columns;
        for (var k = 0; k < view.Inputs; k++)
        {
            destination[k] = view.Format switch
            {
                PanelFormat.Float => ((float*)panel)[(k * Panel.Columns) + lane],
                PanelFormat.Half => LanesScalar.LoadHalfBits((ushort*)panel + (k * Panel.Columns) + lane) * Scale,
                _ => ByteValue(view.Format, panel, k, lane),
            };
        }
    }

    public void Dispose()
    {
        _data.Dispose();
        _bias?.Dispose();
    }

    static float ByteValue(PanelFormat format, byte* panel, int k, int lane)
    {
        var (index, row) = Math.DivRem(k, Panel.BlockRows(format));
        var block = panel + (index * Panel.BlockBytes(format));
        var values = (sbyte*)(block + (2 * Panel.Columns * sizeof(float)));
        return (values[(row * Panel.Columns) + lane] * ((float*)block)[lane]) + ((float*)block)[Panel.Columns + lane];
    }
}
