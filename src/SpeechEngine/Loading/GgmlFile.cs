using System.IO.MemoryMappedFiles;
using System.Text;

namespace SpeechEngine.Loading;

/// <summary>Where one tensor lies in the file. Dimensions are in ggml's order, the fastest first; missing ones are 1.</summary>
/// <param name="Dimensions">How many of them the file gives.</param>
/// <param name="Start">Where the tensor's record begins; its values, <paramref name="Bytes"/> long, are its end, from <paramref name="Offset"/> on.</param>
readonly record struct TensorEntry(
    string Name, TensorType Type, int Dimensions, int Columns, int Rows, int Planes, long Start, long Offset, long Bytes)
{
    public long Count => (long)Columns * Rows * Planes;

    public override string ToString() => $"{Name} [{Columns}, {Rows}, {Planes}] {Type}";
}

/// <summary>
/// What all ggml files of whisper.cpp have in common, memory-mapped: the magic number, a header of little-endian numbers, and tensors
/// up to the end. Every number is checked against the bytes that are really there before anything is allocated for it.
/// </summary>
abstract unsafe class GgmlFile : IDisposable
{
    const uint Magic = 0x67676d6c;

    // q2_K, the smallest type, has 256 values in 84 bytes.
    const int MostValuesPerByte = 4;

    readonly Dictionary<string, TensorEntry> _tensors = [];
    readonly string _path;
    readonly long _length;
    MemoryMappedFile? _mapping;
    MemoryMappedViewAccessor? _view;
    byte* _data;
    long _position;

    protected GgmlFile(string path)
    {
        _path = path;
        _length = new FileInfo(path).Length;
    }

    /// <summary>All tensors by name; empty in files made for tests of the frame around the network.</summary>
    public IReadOnlyDictionary<string, TensorEntry> Tensors => _tensors;

    /// <summary>The tensor's bytes; valid until the file is disposed.</summary>
    public byte* DataOf(in TensorEntry tensor) => _data + tensor.Offset;

    /// <summary>The file's bytes from <paramref name="start"/> up to <paramref name="end"/>; valid until the file is disposed.</summary>
    public ReadOnlySpan<byte> Bytes(long start, long end) => new(_data + start, checked((int)(end - start)));

    /// <summary>An exception that says what is wrong with this file.</summary>
    public InvalidModelException Invalid(string what) => new($"The model file {_path} cannot be used: {what}");

    public void Dispose()
    {
        if (_data is not null)
        {
            _view!.SafeMemoryMappedViewHandle.ReleasePointer();
            _data = null;
        }

        _view?.Dispose();
        _mapping?.Dispose();
    }

    /// <summary>Maps the file, checks its magic number, has the header read and then lists the tensors.</summary>
    protected static T Open<T>(string path, Func<string, T> create)
        where T : GgmlFile
    {
        T? file = null;
        try
        {
            file = create(path);
            file.Map();
            file.ReadMagic();
            file.ReadHeader();
            file.ReadTensors();
            return file;
        }
        catch (Exception e)
        {
            file?.Dispose();
            if (e is IOException or UnauthorizedAccessException)
            {
                throw new InvalidModelException($"The model file {path} cannot be read: {e.Message}", e);
            }

            throw;
        }
    }

    /// <summary>Reads what stands between the magic number and the first tensor.</summary>
    protected abstract void ReadHeader();

    void Map()
    {
        if (_length < 4)
        {
            throw Invalid($"it has {_length} bytes, too few for a ggml header.");
        }

        _mapping = MemoryMappedFile.CreateFromFile(_path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        _view = _mapping.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _data);
    }

    void ReadMagic()
    {
        var magic = (uint)ReadInt("the magic number");
        if (magic != Magic)
        {
            throw Invalid($"byte 0 holds 0x{magic:x8} instead of ggml's 0x{Magic:x8}; only whisper.cpp's ggml .bin files are supported.");
        }
    }

    void ReadTensors()
    {
        while (_position < _length)
        {
            var start = _position;
            var dimensions = ReadBounded($"the dimensions of the tensor at byte {start}", 0, 4);
            var nameLength = ReadBounded($"the name length of the tensor at byte {start}", 1, 256);
            var type = (TensorType)ReadInt("a tensor's type");
            Span<int> shape = [1, 1, 1, 1];
            for (var i = 0; i < dimensions; i++)
            {
                shape[i] = ReadBounded($"dimension {i} of the tensor at byte {start}", 1, int.MaxValue);
            }

            var name = Encoding.UTF8.GetString(Take(nameLength, "a tensor's name"), nameLength);
            var values = (Int128)shape[0] * shape[1] * shape[2] * shape[3];
            if (values > _length * MostValuesPerByte)
            {
                throw Invalid($"tensor {name} at byte {start} claims {values} values, more than the file can hold.");
            }

            if (!type.IsKnown())
            {
                throw Invalid($"tensor {name} at byte {start} has type {(int)type}; supported are {string.Join(", ", Enum.GetValues<TensorType>().Select(TensorTypes.Name))}.");
            }

            if (shape[0] % type.BlockValues() != 0)
            {
                throw Invalid($"tensor {name} at byte {start} is {type.Name()} with rows of {shape[0]} values; that type needs a multiple of {type.BlockValues()}.");
            }

            if (shape[3] != 1)
            {
                throw Invalid($"tensor {name} at byte {start} has four dimensions.");
            }

            var offset = _position;
            var bytes = type.Bytes((long)values);
            Take(bytes, $"the values of tensor {name}");
            if (!_tensors.TryAdd(name, new TensorEntry(name, type, dimensions, shape[0], shape[1], shape[2], start, offset, bytes)))
            {
                throw Invalid($"tensor {name} appears twice, again at byte {start}.");
            }
        }
    }

    /// <summary>A number between <paramref name="least"/> and <paramref name="most"/>; <paramref name="what"/> names it in the message otherwise.</summary>
    protected int ReadBounded(string what, int least, int most)
    {
        var at = _position;
        var value = ReadInt(what);
        return value >= least && value <= most
            ? value
            : throw Invalid($"{what} at byte {at} is {value}; expected {(least == most ? $"{least}" : $"{least} to {most}")}.");
    }

    // The file is little-endian, as are all machines the engine runs on; nothing in it is aligned.
    int ReadInt(string what)
    {
        var bytes = Take(sizeof(int), what);
        return bytes[0] | (bytes[1] << 8) | (bytes[2] << 16) | (bytes[3] << 24);
    }

    /// <summary>The next <paramref name="bytes"/> bytes.</summary>
    protected byte* Take(long bytes, string what)
    {
        if (bytes > _length - _position)
        {
            throw Invalid($"it ends at byte {_length} in the middle of {what}, which needs {bytes} bytes from byte {_position} on. Is the download complete?");
        }

        var start = _data + _position;
        _position += bytes;
        return start;
    }
}
