using SpeechEngine.Decoding;
using SpeechEngine.Features;

namespace SpeechEngine.Model;

/// <summary>A Whisper model in memory: shape, weights, vocabulary and mel transform. Read-only and shared by all states.</summary>
sealed class WhisperModel : IDisposable
{
    public required ModelDimensions Dimensions { get; init; }

    /// <summary>False for whisper.cpp's test files, whose network is all zeros and says nothing.</summary>
    public required bool HasTensors { get; init; }

    public required WhisperWeights Weights { get; init; }

    public required Vocabulary Vocabulary { get; init; }

    public required MelSpectrogram Spectrogram { get; init; }

    /// <summary>The first distilled models were trained without timestamps; they are told from others by their two decoder layers.</summary>
    public bool WritesTimestamps => Dimensions.TextLayers != 2 || Dimensions.Vocabulary == 51866;

    /// <summary>True once its memory is freed.</summary>
    public bool IsDisposed { get; private set; }

    public void Dispose()
    {
        IsDisposed = true;
        Weights.Dispose();
        Spectrogram.Dispose();
    }
}
