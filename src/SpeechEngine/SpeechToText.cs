using System.Collections.Concurrent;
using SpeechEngine.Audio;
using SpeechEngine.Decoding;
using SpeechEngine.Features;
using SpeechEngine.Kernels;
using SpeechEngine.Loading;
using SpeechEngine.Model;
using SpeechEngine.Words;

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
/// The speech-to-text engine: one model in memory, shared by all callers. This file is the whole journey of a recording:
/// samples → log-mel window → encoder → decoder → segments, then on to where the last timestamp said the next window begins.
/// </summary>
public sealed unsafe class SpeechToText : ISpeechToText, IDisposable
{
    // What is shorter than this at the end holds no speech; whisper.cpp stops at the same place.
    const int LeastFrames = 10;

    // The tokens of a prompt beside the special ones: half of the decoder's context.
    const int LongestPrompt = 223;

    readonly WhisperModel _model;
    readonly WorkerPool _pool;
    readonly ConcurrentBag<DecodingState> _idle = [];
    volatile bool _disposed;

    SpeechToText(WhisperModel model, int threads)
    {
        _model = model;
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
        return new SpeechToText(ModelLoader.Load(path), threads);
    }

    /// <inheritdoc/>
    public IEnumerable<WindowTranscript> Transcribe(PcmAudio audio, TranscribeOptions options, CancellationToken cancellation)
    {
        Check(options);
        return TranscribeWindows(audio, options, cancellation);
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

    IEnumerable<WindowTranscript> TranscribeWindows(PcmAudio audio, TranscribeOptions options, CancellationToken cancellation)
    {
        var state = RentState();
        try
        {
            var vocabulary = _model.Vocabulary;
            var language = options.Language is null ? -1 : Languages.IndexOf(options.Language);
            var prompt = string.IsNullOrWhiteSpace(options.Prompt) ? [] : vocabulary.Encode(" " + options.Prompt.Trim()).TakeLast(LongestPrompt).ToList();
            var random = new Random(options.Decoding.Seed);
            var frames = MelSpectrogram.FrameCount(audio.Samples.Length);
            var loudest = float.NaN;
            for (var seek = 0; seek + LeastFrames < frames;)
            {
                cancellation.ThrowIfCancellationRequested();
                var request = new WindowRequest(language, options.Task, seek == 0 ? prompt : [], frames - seek, options.Decoding.Temperature, random);
                var window = TranscribeWindow(state, audio, seek, in request, options.WordTimestamps, ref loudest, cancellation);
                language = window.Language;
                yield return new WindowTranscript
                {
                    Language = vocabulary.IsMultilingual ? Languages.CodeAt(language) : "en",
                    Segments = window.Segments,
                    Start = MelSpectrogram.TimeOf(seek),
                    Position = MelSpectrogram.TimeOf(Math.Min(window.NextSeek, frames)),
                };
                seek = window.NextSeek;
            }
        }
        finally
        {
            ReturnState(state);
        }
    }

    (int Language, IReadOnlyList<Segment> Segments, int NextSeek) TranscribeWindow(
        DecodingState state, PcmAudio audio, int seek, in WindowRequest request, bool withWords, ref float loudest, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _pool.Enter();
        try
        {
            ComputeMel(state.Scratch, audio.Samples, seek, ref loudest, cancellation);
            state.Encoder.Encode(state.Scratch, cancellation);
            state.Encoder.FillCross(state.Scratch, state.Cross, cancellation);
            var result = WindowDecoder.Decode(state, in request, cancellation);
            var (segments, nextSeek) = SegmentBuilder.Build(state, in request, in result, seek);
            if (!withWords)
            {
                return (result.Language, segments, nextSeek);
            }

            var words = new WordRequest
            {
                Language = result.Language,
                Task = request.Task,
                Seek = seek,
                Frames = Math.Min(request.Remaining, ModelDimensions.WindowFrames),
                Samples = audio.Samples[(seek * MelSpectrogram.Hop)..],
            };
            return (result.Language, WordTimestamps.Add(state, in words, segments, cancellation), nextSeek);
        }
        finally
        {
            _pool.Leave();
        }
    }

    /// <summary>
    /// Fills the state's mel window. Loudness is limited relative to the whole recording, so a recording of several windows is
    /// gone through once for its loudest value: cheaper than keeping a spectrogram that grows with its length.
    /// </summary>
    internal void ComputeMel(Scratch scratch, ReadOnlySpan<float> samples, int seek, ref float loudest, CancellationToken cancellation)
    {
        const int Frames = ModelDimensions.WindowFrames;
        var spectrogram = _model.Spectrogram;
        var mels = _model.Dimensions.Mels;
        var window = scratch.Mel.Floats + mels;
        var frames = MelSpectrogram.FrameCount(samples.Length);
        if (float.IsNaN(loudest) && frames > Frames)
        {
            loudest = float.NegativeInfinity;
            for (var first = 0; first < frames; first += Frames)
            {
                cancellation.ThrowIfCancellationRequested();
                loudest = MathF.Max(loudest, spectrogram.LogPowers(samples, first, Frames, _pool, scratch.MelWork.Floats, window));
            }
        }

        var largest = spectrogram.LogPowers(samples, seek, Frames, _pool, scratch.MelWork.Floats, window);
        loudest = float.IsNaN(loudest) ? largest : loudest;
        MelSpectrogram.Normalise(window, Frames * mels, loudest);
    }

    void Check(TranscribeOptions options)
    {
        var vocabulary = _model.Vocabulary;
        if (options.Language is { } language)
        {
            var index = Languages.IndexOf(language);
            if (vocabulary.IsMultilingual ? index < 0 || index >= vocabulary.LanguageCount : index != Languages.IndexOf("en"))
            {
                throw new ArgumentException($"The model does not know the language '{language}'.", nameof(options));
            }
        }

        if (options.Task == SpeechTask.Translate && !vocabulary.IsMultilingual)
        {
            throw new ArgumentException("The model knows English only and cannot translate.", nameof(options));
        }

        if (options.Decoding.Temperature is not (>= 0f and <= 1f))
        {
            throw new ArgumentException($"The temperature {options.Decoding.Temperature} is not between 0 and 1.", nameof(options));
        }
    }
}
