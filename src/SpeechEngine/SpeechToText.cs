using SpeechEngine.Audio;

namespace SpeechEngine;

/// <summary>How the engine uses the machine.</summary>
public sealed record EngineSettings
{
    /// <summary>Worker threads for one window; 0 takes one per processor.</summary>
    public int Threads { get; init; }
}

/// <summary>The speech-to-text engine: one model in memory, shared by all callers; each call has its own state.</summary>
public sealed class SpeechToText : ISpeechToText, IDisposable
{
    SpeechToText()
    {
    }

    /// <inheritdoc/>
    public bool IsMultilingual => true;

    /// <summary>Loads a ggml model file.</summary>
    /// <exception cref="Loading.InvalidModelException">The file is damaged, truncated or something else.</exception>
    public static SpeechToText Load(string path, EngineSettings settings)
    {
        _ = (path, settings);
        return new SpeechToText();
    }

    /// <inheritdoc/>
    public IEnumerable<WindowTranscript> Transcribe(PcmAudio audio, TranscribeOptions options, CancellationToken cancellation)
    {
        _ = (audio, options, cancellation);
        return [];
    }

    /// <summary>Frees the weights and all states; no call may be running.</summary>
    public void Dispose()
    {
    }
}
