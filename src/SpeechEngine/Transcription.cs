using SpeechEngine.Audio;
using SpeechEngine.Decoding;
using SpeechEngine.Features;
using SpeechEngine.Model;
using SpeechEngine.Speech;
using SpeechEngine.Words;

namespace SpeechEngine;

/// <summary>
/// One recording on its way through the model:
/// <list type="number">
/// <item>the speech detector goes through it, if its word is wanted;</item>
/// <item>passages are chosen: all of the recording, or windows packed with speech;</item>
/// <item>each passage is decoded window by window: samples → log-mel frames → encoder → tokens → segments → words;</item>
/// <item>what was invented is left out, and the next window begins where the last timestamp said.</item>
/// </list>
/// </summary>
sealed class Transcription : IDisposable
{
    // A window that begins with a long silence is moved to where somebody speaks, and a little before that.
    const int LongSilence = 500;
    const int BeforeSpeech = 30;

    readonly DecodingState _state;
    readonly ISpeechDetector _detector;
    readonly PcmAudio _audio;
    readonly TranscribeOptions _options;
    readonly TextContext _context;
    readonly int[] _candidates;
    readonly ResumePoint? _from;
    readonly PcmAudio? _passageBuffer;
    InventionGuard? _guard;
    int _language;
    float _loudest;
    int _passage;
    int _seek;
    TimeSpan _position;

    /// <param name="from">Where to go on, as <see cref="ResumeRules.Check"/> lets it pass; null begins at the beginning.</param>
    public Transcription(DecodingState state, ISpeechDetector detector, PcmAudio audio, TranscribeOptions options, ResumePoint? from)
    {
        _state = state;
        _detector = detector;
        _audio = audio;
        _options = options;
        _context = TextContext.Of(state.Model.Vocabulary, options, from?.Context);
        _candidates = [.. options.CandidateLanguages.Select(Languages.IndexOf)];
        _from = from;
        (_passage, _seek, _position) = from is null ? default : (from.Passage, from.Seek, from.Position);
        var language = from is null ? options.Language : from.Language;
        _language = language is null ? -1 : Languages.IndexOf(language);
        _passageBuffer = options.SpeechDetection is null ? null : new PcmAudio(ModelDimensions.WindowFrames * PcmAudio.SampleRate / 100);
    }

    /// <summary>Decodes the windows one after the other; each is handed out as soon as it is done.</summary>
    public IEnumerable<WindowTranscript> Windows(CancellationToken cancellation)
    {
        var speech = _options.DropInvented || _options.SpeechDetection is not null ? _detector.Detect(_audio.Samples, cancellation) : null;    // (1)
        _guard = _options.DropInvented ? new InventionGuard(speech!, _audio, _options) : null;
        foreach (var passage in Passages(speech))                                                                                         // (2)
        {
            // A passage is as loud as its own speech: a quiet speaker is not measured by a loud one.
            _loudest = float.NaN;
            while (_seek + Hypothesis.EndMargin < passage.Frames)
            {
                cancellation.ThrowIfCancellationRequested();
                yield return DecodeWindow(passage, SkipSilence(_seek), cancellation);                                                         // (3), (4)
            }

            (_passage, _seek) = (_passage + 1, 0);
        }
    }

    public void Dispose() => _passageBuffer?.Dispose();

    /// <summary>The passages from the current one on.</summary>
    IEnumerable<Passage> Passages(SpeechProbabilities? speech)
    {
        if (_options.SpeechDetection is not { } detection)
        {
            yield return new Passage(_audio);
            yield break;
        }

        var regions = SpeechRegions.Find(speech!, detection, _audio.SampleCount);
        var windows = SpeechWindows.Plan(regions, detection, _audio.SampleCount);
        if (_from is not null)
        {
            ResumeRules.CheckPassage(_from, windows.Count);
            ResumeRules.CheckPlace(_from, new Passage(_audio, windows[_from.Passage], _passageBuffer!));
        }

        foreach (var window in windows.Skip(_passage))
        {
            yield return new Passage(_audio, window, _passageBuffer!);
        }
    }

    /// <summary>
    /// The model invents most where a window begins with silence or ends just after somebody began to speak; neither happens when
    /// windows begin with speech. Passages of speech do so anyway.
    /// </summary>
    int SkipSilence(int seek)
    {
        if (_guard is null || _options.SpeechDetection is not null || _guard.FirstHeard(MelSpectrogram.TimeOf(seek)) is not { } heard)
        {
            return seek;
        }

        var frame = (int)(heard / MelSpectrogram.TimeOf(1)) - BeforeSpeech;
        return frame - seek >= LongSilence ? frame : seek;
    }

    WindowTranscript DecodeWindow(Passage passage, int seek, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_state.Model.IsDisposed, typeof(SpeechToText));
        _state.Pool.Enter();
        try
        {
            _state.ComputeMel(passage.Samples, seek, ref _loudest, cancellation);
            _state.Encoder.Encode(_state.Scratch, cancellation);
            _state.Encoder.FillCross(_state.Scratch, _state.Cross, cancellation);
            var span = passage.Span(seek, Math.Min(seek + ModelDimensions.WindowFrames, passage.Frames));
            var request = new WindowRequest(_language, _candidates, _options.Task, _context, seek, passage.Frames - seek, _options.Decoding)
            {
                HasSpeech = _guard?.HearsAnybody(span.Start, span.End) ?? true,
            };
            var result = WindowDecoder.Decode(_state, in request, cancellation);
            var next = seek + (IsSkipped(in request, in result) ? ModelDimensions.WindowFrames : result.Advance);
            var dropped = new List<DroppedSegment>();
            IReadOnlyList<Segment> segments = LeaveOutInvented(SegmentBuilder.Build(_state, in request, in result), passage, in result, dropped);
            if (_options.WordTimestamps)
            {
                var words = new WordRequest
                {
                    Language = result.Language,
                    Task = request.Task,
                    Seek = seek,
                    Frames = Math.Min(request.Remaining, ModelDimensions.WindowFrames),
                    Advance = next - seek,
                    Samples = passage.Samples[(seek * MelSpectrogram.Hop)..],
                };
                segments = WordTimestamps.Add(_state, in words, segments, cancellation);
            }

            return Finish(segments, dropped, Math.Min(next, passage.Frames), passage, in request, in result);
        }
        finally
        {
            _state.Pool.Leave();
        }
    }

    List<Segment> LeaveOutInvented(List<Segment> segments, Passage passage, in WindowResult result, List<DroppedSegment> dropped)
    {
        var isSilent = IsSilent(in result);
        var kept = new List<Segment>(segments.Count);
        foreach (var segment in segments)
        {
            var inRecording = passage.ToRecording(segment);
            var drop = _guard is not null ? _guard.Judge(inRecording, isSilent) : isSilent ? InventionGuard.Silenced(inRecording, _audio) : null;
            if (drop is not null)
            {
                dropped.Add(drop);
            }
            else
            {
                kept.Add(segment);
            }
        }

        return kept;
    }

    WindowTranscript Finish(
        IReadOnlyList<Segment> segments, List<DroppedSegment> dropped, int next, Passage passage, in WindowRequest request, in WindowResult result)
    {
        if (!IsSkipped(in request, in result))
        {
            // A prompt waits for the speech that it is meant for.
            _context.Add(segments, result.Temperature);
        }

        if (segments.Count > 0 && !_options.LanguagePerWindow)
        {
            // Only speech tells a language: after a window without any, the next one is asked again.
            _language = result.Language;
        }

        var start = _position;
        (_seek, _position) = (next, passage.End(next));
        return new WindowTranscript
        {
            Language = _state.Model.Vocabulary.IsMultilingual ? Languages.CodeAt(result.Language) : "en",
            LanguageProbabilities = result.Languages,
            Segments = [.. segments.Select(passage.ToRecording)],
            Dropped = dropped,
            Start = start,
            Position = _position,
            Next = new ResumePoint
            {
                Passage = _passage,
                Seek = _seek,
                Language = _language < 0 ? null : Languages.CodeAt(_language),
                Context = _context.Text,
                Position = _position,
            },
        };
    }

    /// <summary>Where nobody is heard, timestamps tell no place to go on from.</summary>
    bool IsSkipped(in WindowRequest request, in WindowResult result) => IsSilent(in result) || !request.HasSpeech;

    /// <summary>openai/whisper's rule: the model says that nobody speaks, and is not sure of what it wrote.</summary>
    bool IsSilent(in WindowResult result) =>
        result.NoSpeechProbability > _options.Decoding.NoSpeechThreshold && result.Scores.AverageLogProbability < _options.Decoding.LogProbabilityThreshold;
}
