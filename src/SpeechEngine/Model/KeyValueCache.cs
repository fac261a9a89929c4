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
    readonly long _headKeyBytes;
    readonly long _headValueBytes;

    public KeyValueCache(int layers, int heads, int headSize, int capacity)
    {
        Capacity = capacity;
        _heads = heads;
        _headSize = headSize;
        _headKeyBytes = (long)Panel.Padded(capacity) * headSize * sizeof(ushort);
        _headValueBytes = (long)capacity * headSize * sizeof(ushort);
        _keys = new AlignedBuffer(layers * heads * _headKeyBytes);
        _values = new AlignedBuffer(layers * heads * _headValueBytes);
    }

    /// <summary>Positions there is room for.</summary>
    public int Capacity { get; }

    /// <summary>Bytes held in memory.</summary>
    public long Bytes => _keys.Bytes + _values.Bytes;

    /// <summary>Stores keys and values of one position in a layer: [heads · head size] binary16 bits each.</summary>
    /// <param name="first">The layer's first head, from <see cref="Head"/>.</param>
    public static void Store(in HeadMemory first, long keyDistance, long valueDistance, int heads, int position, ushort* keys, ushort* values)
    {
        var size = first.HeadSize;
        for (var head = 0; head < heads; head++)
        {
            var panel = (ushort*)(first.Keys + (head * keyDistance)) + ((position / Panel.Columns * size * Panel.Columns) + (position % Panel.Columns));
            for (var i = 0; i < size; i++)
            {
                panel[i * Panel.Columns] = keys[(head * size) + i];
            }

            var row = (ushort*)(first.Values + (head * valueDistance)) + ((long)position * size);
            new Span<ushort>(values + (head * size), size).CopyTo(new Span<ushort>(row, size));
        }
    }

    /// <summary>One head of one layer, for <see cref="Attention"/>; the following heads lie at fixed distances behind it.</summary>
    public HeadMemory Head(int layer, int head)
    {
        var index = (layer * _heads) + head;
        return new HeadMemory
        {
            Format = PanelFormat.Half,
            Keys = _keys.Data + (index * _headKeyBytes),
            Values = _values.Data + (index * _headValueBytes),
            HeadSize = _headSize,
        };
    }

    /// <summary>Bytes from one head's keys and values to the next head's.</summary>
    public (long Keys, long Values) HeadDistance => (_headKeyBytes, _headValueBytes);

    public void Dispose()
    {
        _keys.Dispose();
        _values.Dispose();
    }
}
