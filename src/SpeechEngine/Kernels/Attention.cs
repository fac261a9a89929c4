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

    readonly int ElementBytes => Panel.ElementBytes(Format);

    /// <summary>Puts the key and the value of one position, [head size] each, in their places.</summary>
    /// <typeparam name="T">float or the bits of a binary16, as <see cref="Format"/> says.</typeparam>
    public readonly void Store<T>(int position, T* key, T* value)
        where T : unmanaged
    {
        var panel = (T*)Keys + ((long)position / Panel.Columns * HeadSize * Panel.Columns) + (position % Panel.Columns);
        for (var i = 0; i < HeadSize; i++)
        {
            panel[i * Panel.Columns] = key[i];
        }

        new Span<T>(value, HeadSize).CopyTo(new Span<T>((T*)Values + ((long)position * HeadSize), HeadSize));
    }

    /// <summary>
    /// Copies positions from..to-1 to a memory of the same kind that has the same positions before them: keys lie in panels
    /// of 32 positions, of which whole ones are copied.
    /// </summary>
    public readonly void CopyTo(in HeadMemory target, int from, int to)
    {
        var panelBytes = (long)HeadSize * Panel.Columns * ElementBytes;
        var first = from / Panel.Columns * panelBytes;
        var bytes = (Panel.CountFor(to) * panelBytes) - first;
        Buffer.MemoryCopy(Keys + first, target.Keys + first, bytes, bytes);

        var rowBytes = (long)HeadSize * ElementBytes;
        Buffer.MemoryCopy(Values + (from * rowBytes), target.Values + (from * rowBytes), (to - from) * rowBytes, (to - from) * rowBytes);
    }

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

/// <summary>Keys and values of all heads of a layer; each head's lie at a fixed distance behind those of the head before.</summary>
unsafe struct LayerMemory
{
    HeadMemory _first;
    int _heads;
    long _keyDistance;
    long _valueDistance;

    /// <summary>Bytes of the keys, and of the values, of one head with room for <paramref name="positions"/> positions.</summary>
    public static (long Keys, long Values) HeadBytes(PanelFormat format, int headSize, int positions) =>
        ((long)Panel.Padded(positions) * headSize * Panel.ElementBytes(format), (long)positions * headSize * Panel.ElementBytes(format));

    /// <summary>Memory of <paramref name="heads"/> heads that starts at <paramref name="keys"/> and <paramref name="values"/>.</summary>
    public static LayerMemory Of(PanelFormat format, byte* keys, byte* values, int heads, int headSize, int positions)
    {
        var (keyDistance, valueDistance) = HeadBytes(format, headSize, positions);
        return new LayerMemory
        {
            _first = new HeadMemory { Format = format, Keys = keys, Values = values, HeadSize = headSize },
            _heads = heads,
            _keyDistance = keyDistance,
            _valueDistance = valueDistance,
        };
    }

    /// <summary>One head of the layer.</summary>
    public readonly HeadMemory Head(int head)
    {
        var memory = _first;
        memory.Keys += head * _keyDistance;
        memory.Values += head * _valueDistance;
        return memory;
    }

    /// <summary>Puts keys and values of one position, [heads · head size] each, in their places.</summary>
    public readonly void Store<T>(int position, T* keys, T* values)
        where T : unmanaged
    {
        for (var head = 0; head < _heads; head++)
        {
            Head(head).Store(position, keys + (head * _first.HeadSize), values + (head * _first.HeadSize));
        }
    }
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
    /// <param name="probabilities">Where the softmax of every row is kept, [rows, positions], or null when nobody asks for it.</param>
    /// <param name="probabilityStride">Floats from one row of probabilities to the next.</param>
    public static void Compute(
        float* queries, nint queryStride, int rows, in HeadMemory head, int positions, float* scores, int scoreStride, float* output, nint outputStride,
        float* probabilities = null, nint probabilityStride = 0)
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

            if (probabilities is not null)
            {
                var exponentials = scores + (row * scoreStride);
                var kept = probabilities + (row * probabilityStride);
                for (var i = 0; i < positions; i++)
                {
                    kept[i] = exponentials[i] * inverse;
                }
            }
        }
    }
}
