using SpeechEngine.Model;

namespace SpeechEngine.Decoding;

/// <summary>
/// Keys and values of the sequences that are followed at the same time, one cache each. A sequence that branches off another takes over
/// only the positions the two do not share already: what they last had in common is remembered for every pair.
/// </summary>
sealed class SequenceMemory(ModelDimensions shape) : IDisposable
{
    readonly KeyValueCache?[] _caches = new KeyValueCache?[DecodingOptions.MostSequences];

    // Leading positions that two caches have in common.
    readonly int[,] _shared = new int[DecodingOptions.MostSequences, DecodingOptions.MostSequences];

    /// <summary>Positions a sequence has room for.</summary>
    public int Capacity => shape.TextContext;

    /// <summary>The cache of one sequence; made when first asked for, because most callers follow one sequence only.</summary>
    public KeyValueCache this[int sequence] =>
        _caches[sequence] ??= new KeyValueCache(shape.TextLayers, shape.TextHeads, shape.TextHeadSize, shape.TextContext);

    /// <summary>A new context is about to be fed to sequence 0: nothing is shared any more.</summary>
    public void Reset() => Array.Clear(_shared);

    /// <summary>Makes <paramref name="target"/> equal to <paramref name="source"/> in its first <paramref name="positions"/> positions.</summary>
    public void Branch(int source, int target, int positions)
    {
        if (_shared[source, target] < positions)
        {
            this[target].CopyFrom(this[source], _shared[source, target], positions);
        }

        for (var other = 0; other < DecodingOptions.MostSequences; other++)
        {
            var shared = other == source ? positions : Math.Min(_shared[source, other], positions);
            (_shared[target, other], _shared[other, target]) = (shared, shared);
        }
    }

    public void Dispose()
    {
        foreach (var cache in _caches)
        {
            cache?.Dispose();
        }
    }
}
