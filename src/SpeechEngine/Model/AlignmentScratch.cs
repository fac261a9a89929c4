using SpeechEngine.Kernels;

namespace SpeechEngine.Model;

/// <summary>Every buffer that placing a window's words in time writes; made when words are first asked for.</summary>
sealed unsafe class AlignmentScratch : IDisposable
{
    /// <summary>Tokens that can be placed at most: what one decoder step takes.</summary>
    public const int MaxRows = Scratch.MaxDecoderRows;

    /// <summary>Positions of the encoder.</summary>
    public const int MaxFrames = ModelDimensions.WindowFrames / 2;

    /// <summary>Floats from one row to the next: an odd number of cache lines, so that a column does not fall on few cache sets.</summary>
    public const int RowStride = 1520;

    /// <summary>Rows for work on one token.</summary>
    public const int WorkRows = 5;

    /// <summary>Floats from one head to the next.</summary>
    public const long HeadStride = (long)MaxRows * RowStride;

    readonly AlignedBuffer _slots;
    readonly AlignedBuffer _probabilities;
    readonly AlignedBuffer _matrix = AlignedBuffer.ForFloats(HeadStride);
    readonly AlignedBuffer _scores = AlignedBuffer.ForFloats(HeadStride);
    readonly AlignedBuffer _work = AlignedBuffer.ForFloats(WorkRows * RowStride);
    readonly int _headsPerLayer;

    public AlignmentScratch(ModelDimensions shape)
    {
        var heads = AlignmentHeads.Of(shape);
        Heads = heads.Length;
        _headsPerLayer = shape.TextHeads;
        _probabilities = AlignedBuffer.ForFloats(Heads * HeadStride);
        _slots = new AlignedBuffer((long)shape.TextLayers * shape.TextHeads * sizeof(int));
        new Span<int>(_slots.Data, shape.TextLayers * shape.TextHeads).Fill(-1);
        for (var slot = 0; slot < Heads; slot++)
        {
            SlotsOf(heads[slot].Layer)[heads[slot].Head] = slot;
        }
    }

    /// <summary>Heads listened to.</summary>
    public int Heads { get; }

    /// <summary>[heads, rows, positions]: the probability with which a head listens to a position while it reads a row's token.</summary>
    public float* Probabilities => _probabilities.Floats;

    /// <summary>[rows, positions]: what the heads have in common.</summary>
    public float* Matrix => _matrix.Floats;

    /// <summary>[rows, positions + 1]: how well the tokens before a row fit into the sound before a position.</summary>
    public float* Scores => _scores.Floats;

    /// <summary>A row for work on one token; those behind it follow without a gap.</summary>
    public float* Work(int row) => _work.Floats + (row * RowStride);

    /// <summary>For each head of a layer its place among the heads listened to, or -1.</summary>
    public int* SlotsOf(int layer) => (int*)_slots.Data + (layer * _headsPerLayer);

    public void Dispose()
    {
        _slots.Dispose();
        _probabilities.Dispose();
        _matrix.Dispose();
        _scores.Dispose();
        _work.Dispose();
    }
}
