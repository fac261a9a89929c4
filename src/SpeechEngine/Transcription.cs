using SpeechEngine.Audio;
using SpeechEngine.Decoding;
using SpeechEngine.Features;
using SpeechEngine.Model;

namespace SpeechEngine;

/// <summary>
/// One recording on its way through the model, window by window:
/// samples → log-mel frames → encoder → tokens → segments, then on to where the last timestamp said the next window begins.
/// </summary>
sealed class Transcription(DecodingState state, PcmAudio audio, TranscribeOptions options)
{
    // What is shorter than this at the end holds no speech; whisper.cpp stops at the same place.
    const int LeastFrames = 10;

    readonly TextContext _context = new(state.Model.Vocabulary, options);
    readonly int[] _candidates = [.. options.CandidateLanguages.Select(Languages.IndexOf)];
    int _language = options.Language is null ? -1 : Languages.IndexOf(options.Language);
    float _loudest = float.NaN;

    /// <summary>Decodes the windows one after the other; each is handed out as soon as it is done.</summary>
    public IEnumerable<WindowTranscript> Windows(CancellationToken cancellation)
    {
        var frames = MelSpectrogram.FrameCount(audio.Samples.Length);
        for (var seek = 0; seek + LeastFrames < frames;)
        {
            cancellation.ThrowIfCancellationRequested();
            var (window, next) = Decode(seek, frames, cancellation);
            yield return window;
            seek = next;
        }
    }

    (WindowTranscript Window, int Next) Decode(int seek, int frames, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(state.Model.IsDisposed, typeof(SpeechToText));
        state.Pool.Enter();
        try
        {
            state.ComputeMel(audio.Samples, seek, ref _loudest, cancellation);
            state.Encoder.Encode(state.Scratch, cancellation);
            state.Encoder.FillCross(state.Scratch, state.Cross, cancellation);
            var request = new WindowRequest(_language, _candidates, options.Task, _context, seek, frames - seek, options.Decoding);
            var result = WindowDecoder.Decode(state, in request, cancellation);
            var segments = SegmentBuilder.Build(state, in request, in result);
            var isSilent = result.NoSpeechProbability > options.Decoding.NoSpeechThreshold
                && result.Scores.AverageLogProbability < options.Decoding.LogProbabilityThreshold;
            var dropped = new List<DroppedSegment>();
            if (isSilent)
            {
                segments.Clear();
            }

            _context.Add(segments, result.Temperature);
            if (segments.Count > 0 && !options.LanguagePerWindow)
            {
                _language = result.Language;
            }

            var next = seek + (isSilent ? ModelDimensions.WindowFrames : result.Advance);
            return (new WindowTranscript
            {
                Language = state.Model.Vocabulary.IsMultilingual ? Languages.CodeAt(result.Language) : "en",
                LanguageProbabilities = result.Languages,
                Segments = segments,
                Dropped = dropped,
                Start = MelSpectrogram.TimeOf(seek),
                Position = MelSpectrogram.TimeOf(Math.Min(next, frames)),
            }, next);
        }
        finally
        {
            state.Pool.Leave();
        }
    }
}
