using System.IO.MemoryMappedFiles;
using System.Text;
using SpeechEngine.Model;

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
/// A whisper.cpp ggml file, memory-mapped: header, mel filters, vocabulary and the table of tensors. Every number is checked against
/// the bytes that are really there before anything is allocated for it.
/// </summary>
sealed unsafe class ModelFile : IDisposable
{
    const uint Magic = 0x67676d6c;
    const int SpectrumBins = 201;
    const int LongestToken = 4096;

    // q2_K, the smallest type, has 256 values in 84 bytes.
    const int MostValuesPerByte = 4;

    readonly Dictionary<string, TensorEntry> _tensors = [];
    readonly string _path;
    readonly long _length;
    MemoryMappedFile? _mapping;
    MemoryMappedViewAccessor? _view;
    byte* _data;
    long _position;

    ModelFile(string path)
    {
        _path = path;
        _length = new FileInfo(path).Length;
    }

    /// <summary>The network's shape.</summary>
    public ModelDimensions Dimensions { get; private set; } = null!;

    /// <summary>Mel filter bank, [mels, 201].</summary>
    public float[] MelFilters { get; private set; } = [];

    /// <summary>Bytes of each token of the vocabulary in the file; special tokens may be missing at the end.</summary>
    public byte[][] Tokens { get; private set; } = [];

    /// <summary>All tensors by name; empty in files made for tests of the frame around the network.</summary>
    public IReadOnlyDictionary<string, TensorEntry> Tensors => _tensors;

    /// <summary>Whether there is a network in the file; without one it is all zeros.</summary>
    public bool HasTensors => _tensors.Count > 0;

    /// <summary>Maps and checks the file.</summary>
    /// <exception cref="InvalidModelException">It is damaged, truncated, of an unsupported kind or something else altogether.</exception>
    public static ModelFile Open(string path)
    {
        ModelFile? file = null;
        try
        {
            file = new ModelFile(path);
            file.Map();
            file.ReadHeader();
            file.ReadTokens();
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

    /// <summary>The tensor's bytes; valid until the file is disposed.</summary>
    public byte* DataOf(in TensorEntry tensor) => _data + tensor.Offset;

    /// <summary>The file's bytes from <paramref name="start"/> up to <paramref name="end"/>; valid until the file is disposed.</summary>
    public ReadOnlySpan<byte> Bytes(long start, long end) => new(_data + start, checked((int)(end - start)));

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

    /// <summary>An exception that says what is wrong with this file.</summary>
    public InvalidModelException Invalid(string what) => new($"The model file {_path} cannot be used: {what}");

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

    void ReadHeader()
    {
        var magic = (uint)ReadInt("the magic number");
        if (magic != Magic)
        {
            throw Invalid($"byte 0 holds 0x{magic:x8} instead of ggml's 0x{Magic:x8}; only whisper.cpp's ggml .bin files are supported.");
        }

        Dimensions = new ModelDimensions
        {
            Vocabulary = ReadBounded("n_vocab", 51864, 51866),
            AudioContext = ReadBounded("n_audio_ctx", 1500, 1500),
            AudioState = ReadBounded("n_audio_state", 32, 4096),
            AudioHeads = ReadBounded("n_audio_head", 1, 128),
            AudioLayers = ReadBounded("n_audio_layer", 1, 128),

            // Prompts, caches and scratch are sized for this one number; every Whisper model has it.
            TextContext = ReadBounded("n_text_ctx", 448, 448),
            TextState = ReadBounded("n_text_state", 32, 4096),
            TextHeads = ReadBounded("n_text_head", 1, 128),
            TextLayers = ReadBounded("n_text_layer", 1, 128),
            Mels = ReadBounded("n_mels", 1, 256),
        };
        ReadBounded("ftype", 0, 1_000_000);
        CheckShape(Dimensions);

        if (ReadBounded("the filters' n_mels", 1, 256) != Dimensions.Mels)
        {
            throw Invalid($"its mel filters do not have the {Dimensions.Mels} bands that the header announces.");
        }

        ReadBounded("the filters' n_fft", SpectrumBins, SpectrumBins);
        MelFilters = new Span<float>(Take((long)Dimensions.Mels * SpectrumBins * sizeof(float), "the mel filters"), Dimensions.Mels * SpectrumBins).ToArray();
    }

    void CheckShape(ModelDimensions shape)
    {
        if (shape.TextState != shape.AudioState)
        {
            throw Invalid($"encoder and decoder differ in width ({shape.AudioState} and {shape.TextState}).");
        }

        foreach (var (state, heads) in new[] { (shape.AudioState, shape.AudioHeads), (shape.TextState, shape.TextHeads) })
        {
            if (state % heads != 0 || state / heads % 32 != 0)
            {
                throw Invalid($"a width of {state} does not divide into {heads} heads of a multiple of 32.");
            }
        }
    }

    void ReadTokens()
    {
        var count = ReadBounded("the vocabulary's size", 0, Dimensions.Vocabulary);
        Tokens = new byte[count][];
        for (var i = 0; i < count; i++)
        {
            var length = ReadBounded($"the length of token {i}", 0, LongestToken);
            Tokens[i] = new Span<byte>(Take(length, $"token {i}"), length).ToArray();
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

    int ReadBounded(string what, int least, int most)
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

    byte* Take(long bytes, string what)
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
