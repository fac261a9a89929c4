using System.Collections.Concurrent;
using SpeechEngine.Audio;
using SpeechEngine.Decoding;
using SpeechEngine.Kernels;
using SpeechEngine.Loading;
using SpeechEngine.Model;
using SpeechEngine.Speech;
using SpeechEngine.Speech.Silero;
using SpeechEngine.Speech.Spectral;

namespace SpeechEngine;

/// <summary>How the engine uses the machine.</summary>
public sealed record EngineSettings
{
    /// <summary>Worker threads for one window; 0 takes one per processor.</summary>
    public int Threads { get; init; }

    /// <summary>A Silero speech detection model in ggml form; null uses the built-in detector.</summary>
    public string? SpeechModel { get; init; }
}

/// <summary>
/// The speech-to-text engine: one model in memory, shared by all callers. Every call gets a state of its own and becomes a <see cref="Transcription"/>.
/// </summary>
public sealed class SpeechToText : ISpeechToText, IDisposable
{
    readonly WhisperModel _model;
    readonly ISpeechDetector _detector;
    readonly WorkerPool _pool;
    readonly ConcurrentBag<DecodingState> _idle = [];
    volatile bool _disposed;

    SpeechToText(WhisperModel model, ISpeechDetector detector, int threads)
    {
        _model = model;
        _detector = detector;
        _pool = new WorkerPool(threads);
    }

    /// <inheritdoc/>
    public bool IsMultilingual => _model.Vocabulary.IsMultilingual;

    /// <summary>The network's shape.</summary>
    public ModelDimensions Dimensions => _model.Dimensions;

    /// <summary>Loads a ggml model file of whisper.cpp.</summary>
    /// <exception cref="InvalidModelException">The file is damaged, truncated or something else.</exception>
    public static SpeechToText Load(string path, EngineSettings settings)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(settings.Threads);
        var threads = settings.Threads == 0 ? Environment.ProcessorCount : settings.Threads;
        ISpeechDetector detector = settings.SpeechModel is { } speechModel ? SileroDetector.Load(speechModel) : new SpectralDetector();
        try
        {
            return new SpeechToText(ModelLoader.Load(path), detector, threads);
        }
        catch
        {
            detector.Dispose();
            throw;
        }
    }

    /// <summary>Reads a speech detection model as <see cref="Load"/> would with <see cref="EngineSettings.SpeechModel"/>, and forgets it.</summary>
    /// <exception cref="InvalidModelException">The file is damaged, truncated or something else.</exception>
    public static void CheckSpeechModel(string path) => SileroDetector.Load(path).Dispose();

    /// <inheritdoc/>
    public IEnumerable<WindowTranscript> Transcribe(PcmAudio audio, TranscribeOptions options, ResumePoint? from, CancellationToken cancellation)
    {
        OptionRules.Check(options, _model.Vocabulary);
        if (from is not null)
        {
            ResumeRules.Check(from, audio, options, _model.Vocabulary);
        }

        return TranscribeWindows(audio, options, from, cancellation);
    }

    /// <summary>Frees the weights and all states; no call may be running.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        foreach (var state in _idle)
        {
            state.Dispose();
        }

        _idle.Clear();
        _pool.Dispose();
        _detector.Dispose();
        _model.Dispose();
    }

    /// <summary>A state for one call: an idle one, or a new one.</summary>
    internal DecodingState RentState()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _idle.TryTake(out var state) ? state : new DecodingState(_model, _pool);
    }

    internal Vocabulary Vocabulary => _model.Vocabulary;

    internal void ReturnState(DecodingState state)
    {
        if (_disposed)
        {
            state.Dispose();
        }
        else
        {
            _idle.Add(state);
        }
    }

    IEnumerable<WindowTranscript> TranscribeWindows(PcmAudio audio, TranscribeOptions options, ResumePoint? from, CancellationToken cancellation)
    {
        var state = RentState();
        try
        {
            using var transcription = new Transcription(state, _detector, audio, options, from);
            foreach (var window in transcription.Windows(cancellation))
            {
                yield return window;
            }
        }
        finally
        {
            ReturnState(state);
        }
    }
}
