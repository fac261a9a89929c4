using SpeechEngine.Kernels;

namespace SpeechEngine.Model;

/// <summary>
/// Keys and values of all decoder layers for one sequence of positions, as binary16. One per sequence of text (it grows with the
/// tokens) and one per encoded window (filled once); beams or other requests over the same window may share the latter.
/// </summary>
sealed unsafe class KeyValueCache : IDisposable
{
    readonly AlignedBuffer _keys;
    readonly AlignedBuffer _values;
    readonly int _heads;
    readonly int _headSize;
    readonly long _layerKeyBytes;
    readonly long _layerValueBytes;

    public KeyValueCache(int layers, int heads, int headSize, int capacity)
    {
        Capacity = capacity;
        _heads = heads;
        _headSize = headSize;
        var (keyBytes, valueBytes) = LayerMemory.HeadBytes(PanelFormat.Half, headSize, capacity);
        _layerKeyBytes = heads * keyBytes;
        _layerValueBytes = heads * valueBytes;
        _keys = new AlignedBuffer(layers * _layerKeyBytes);
        _values = new AlignedBuffer(layers * _layerValueBytes);
    }

    /// <summary>Positions there is room for.</summary>
    public int Capacity { get; }

    /// <summary>The heads of one layer.</summary>
    public LayerMemory Layer(int layer) => LayerMemory.Of(
        PanelFormat.Half, _keys.Data + (layer * _layerKeyBytes), _values.Data + (layer * _layerValueBytes), _heads, _headSize, Capacity);

    /// <summary>
    /// Takes over positions of another sequence of the same shape. Whole panels of 32 are copied, so both must be equal before
    /// <paramref name="from"/>.
    /// </summary>
    public void CopyFrom(KeyValueCache source, int from, int to)
    {
        for (var layer = 0; layer * _layerKeyBytes < _keys.Bytes; layer++)
        {
            for (var head = 0; head < _heads; head++)
            {
                source.Layer(layer).Head(head).CopyTo(Layer(layer).Head(head), from, to);
            }
        }
    }

    public void Dispose()
    {
        _keys.Dispose();
        _values.Dispose();
    }
}
