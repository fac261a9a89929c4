using SpeechEngine.Model;

namespace SpeechEngine.Loading;

/// <summary>A whisper.cpp model file: shape of the network, mel filters, vocabulary and the table of tensors.</summary>
sealed class ModelFile : GgmlFile
{
    const int SpectrumBins = 201;
    const int LongestToken = 4096;

    ModelFile(string path)
        : base(path)
    {
    }

    /// <summary>The network's shape.</summary>
    public ModelDimensions Dimensions { get; private set; } = null!;

    /// <summary>Mel filter bank, [mels, 201].</summary>
    public float[] MelFilters { get; private set; } = [];

    /// <summary>Bytes of each token of the vocabulary in the file; special tokens may be missing at the end.</summary>
    public byte[][] Tokens { get; private set; } = [];

    /// <summary>Whether there is a network in the file; without one it is all zeros.</summary>
    public bool HasTensors => Tensors.Count > 0;

    /// <summary>Maps and checks the file.</summary>
    /// <exception cref="InvalidModelException">It is damaged, truncated, of an unsupported kind or something else altogether.</exception>
    public static ModelFile Open(string path) => Open(path, static path => new ModelFile(path));

    protected override unsafe void ReadHeader()
    {
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
        ReadTokens();
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

    unsafe void ReadTokens()
    {
        var count = ReadBounded("the vocabulary's size", 0, Dimensions.Vocabulary);
        Tokens = new byte[count][];
        for (var i = 0; i < count; i++)
        {
            var length = ReadBounded($"the length of token {i}", 0, LongestToken);
            Tokens[i] = new Span<byte>(Take(length, $"token {i}"), length).ToArray();
        }
    }
}
