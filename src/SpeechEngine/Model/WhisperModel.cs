using SpeechEngine.Decoding;
using SpeechEngine.Features;
using SpeechEngine.Loading;

namespace SpeechEngine.Model;

/// <summary>A loaded Whisper model: shape, weights, vocabulary and mel transform. Read-only and shared by all states.</summary>
sealed class WhisperModel : IDisposable
{
    WhisperModel(ModelFile file)
    {
        Dimensions = file.Dimensions;
        HasTensors = file.Tensors.Count > 0;
        Weights = WhisperWeights.Load(file);
        Vocabulary = new Vocabulary(file.Tokens, file.Dimensions.Vocabulary);
        Spectrogram = new MelSpectrogram(file.MelFilters, file.Dimensions.Mels);
    }

    public ModelDimensions Dimensions { get; }

    /// <summary>False for whisper.cpp's test files, whose network is all zeros and says nothing.</summary>
    public bool HasTensors { get; }

    public WhisperWeights Weights { get; }

    public Vocabulary Vocabulary { get; }

    public MelSpectrogram Spectrogram { get; }

    /// <summary>The first distilled models were trained without timestamps; they are told from others by their two decoder layers.</summary>
    public bool WritesTimestamps => Dimensions.TextLayers != 2 || Dimensions.Vocabulary == 51866;

    /// <summary>Reads and packs a ggml file; the file is closed afterwards.</summary>
    /// <exception cref="InvalidModelException">The file is damaged, truncated or something else.</exception>
    public static WhisperModel Load(string path)
    {
        using var file = ModelFile.Open(path);
        return new WhisperModel(file);
    }

    public void Dispose()
    {
        Weights.Dispose();
        Spectrogram.Dispose();
    }
}
