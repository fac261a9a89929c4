using SpeechEngine.Decoding;
using SpeechEngine.Features;
using SpeechEngine.Model;

namespace SpeechEngine.Loading;

/// <summary>A ggml file → a model in memory.</summary>
static class ModelLoader
{
    /// <summary>Reads and packs the file at <paramref name="path"/>; it is closed afterwards.</summary>
    /// <exception cref="InvalidModelException">The file is damaged, truncated or something else.</exception>
    public static WhisperModel Load(string path)
    {
        using var file = ModelFile.Open(path);
        return new WhisperModel
        {
            Dimensions = file.Dimensions,
            HasTensors = file.HasTensors,
            Weights = WeightReader.Read(file),
            Vocabulary = new Vocabulary(file.Tokens, file.Dimensions.Vocabulary),
            Spectrogram = new MelSpectrogram(file.MelFilters, file.Dimensions.Mels),
        };
    }
}
