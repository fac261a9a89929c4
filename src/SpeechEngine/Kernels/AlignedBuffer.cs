using System.Runtime.InteropServices;

namespace SpeechEngine.Kernels;

/// <summary>Zeroed native memory on a cache-line boundary, freed when its owner says so.</summary>
sealed unsafe class AlignedBuffer : IDisposable
{
    const nuint Alignment = 64;

    void* _memory;

    public AlignedBuffer(long bytes)
    {
        // A vector may be read or written past the last element of a row: the slack keeps that inside the buffer.
        Bytes = bytes;
        var size = (nuint)bytes + (4 * Alignment);
        _memory = NativeMemory.AlignedAlloc(size, Alignment);
        NativeMemory.Clear(_memory, size);
    }

    ~AlignedBuffer() => NativeMemory.AlignedFree(_memory);

    public long Bytes { get; }

    public float* Floats => (float*)_memory;

    public byte* Data => (byte*)_memory;

    public ushort* Halves => (ushort*)_memory;

    /// <summary>A buffer for <paramref name="count"/> floats.</summary>
    public static AlignedBuffer ForFloats(long count) => new(count * sizeof(float));

    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
        GC.SuppressFinalize(this);
    }
}
