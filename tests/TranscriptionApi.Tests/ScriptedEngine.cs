using System.Collections.Concurrent;
using SpeechEngine;
using SpeechEngine.Audio;

namespace TranscriptionApi.Tests;

/// <summary>Answers with the windows a test asks for, or fails, or blocks until it is told to go on.</summary>
sealed class ScriptedEngine : ISpeechToText
{
    // Stands for a next window that the test did not name; before Hello, which needs it.
    static ResumePoint Unset { get; } = new() { Passage = 0, Seek = 0, Language = null, Context = [], Position = TimeSpan.Zero };

    public static WindowTranscript Hello { get; } = Window(
        "en",
        Segment(0, 1.2, " Hello, world!", Word(0.1, 0.5, " Hello,"), Word(0.5, 1.2, " world!")),
        Segment(1.2, 1.96, " Größe 10 --> 5 €.", Word(1.2, 1.5, " Größe"), Word(1.5, 1.6, " 10"), Word(1.6, 1.7, " -->"), Word(1.7, 1.8, " 5"), Word(1.8, 1.96, " €.")));

    public bool IsMultilingual { get; set; } = true;

    public IReadOnlyList<WindowTranscript> Windows { get; set; } = [Hello];

    /// <summary>When set, says which windows an audio gives, instead of <see cref="Windows"/>.</summary>
    public Func<PcmAudio, IReadOnlyList<WindowTranscript>>? Hear { get; set; }

    /// <summary>Called with the number of each window, counted from 0, before it is handed out.</summary>
    public Action<int>? BeforeWindow { get; set; }

    /// <summary>Thrown after the windows.</summary>
    public Exception? Failure { get; set; }

    /// <summary>When set, a transcription waits for it before its first window.</summary>
    public ManualResetEventSlim? Gate { get; set; }

    /// <summary>What callers asked for.</summary>
    public ConcurrentQueue<TranscribeOptions> Asked { get; } = new();

    /// <summary>Where callers asked to go on; null for those who began at the beginning.</summary>
    public ConcurrentQueue<ResumePoint?> ResumedFrom { get; } = new();

    public int Running;

    public int Cancelled;

    /// <summary>The windows from number <see cref="ResumePoint.Seek"/> of <paramref name="from"/> on; one whose test left <see cref="WindowTranscript.Next"/> alone points at the one behind it.</summary>
    public IEnumerable<WindowTranscript> Transcribe(PcmAudio audio, TranscribeOptions options, ResumePoint? from, CancellationToken cancellation)
    {
        Interlocked.Increment(ref Running);
        try
        {
            Asked.Enqueue(AsGiven(options));
            ResumedFrom.Enqueue(from);
            Wait(cancellation);
            var windows = Hear?.Invoke(audio) ?? Windows;
            for (var index = from?.Seek ?? 0; index < windows.Count; index++)
            {
                cancellation.ThrowIfCancellationRequested();
                _ = audio.Samples.Length;
                BeforeWindow?.Invoke(index);
                yield return Handed(windows[index], index, options);
            }

            if (Failure is not null)
            {
                throw Failure;
            }
        }
        finally
        {
            Interlocked.Decrement(ref Running);
        }
    }

    public static WindowTranscript Window(string language, params Segment[] segments) => new()
    {
        Language = language,
        Segments = segments,
        Start = TimeSpan.Zero,
        Position = TimeSpan.FromSeconds(30),
        Next = Unset,
    };

    public static Word Word(double start, double end, string text) =>
        new() { Start = TimeSpan.FromSeconds(start), End = TimeSpan.FromSeconds(end), Text = text, Probability = 0.75 };

    public static Segment Segment(double start, double end, string text, params Word[] words) => new()
    {
        Words = words,
        Start = TimeSpan.FromSeconds(start),
        End = TimeSpan.FromSeconds(end),
        Text = text,
        Tokens = [50364, 2425, 50424],
        LogProbabilities = [-0.125f, -0.5f, -0.125f],
        Language = "en",
        Seek = 0,
        Temperature = 0.4f,
        AverageLogProbability = -0.25,
        CompressionRatio = 0.8125,
        NoSpeechProbability = 0.015625,
    };

    static WindowTranscript Handed(WindowTranscript window, int index, TranscribeOptions options) => window with
    {
        Segments = options.WordTimestamps ? window.Segments : [.. window.Segments.Select(segment => segment with { Words = [] })],
        Next = ReferenceEquals(window.Next, Unset)
            ? new ResumePoint { Passage = 0, Seek = index + 1, Language = window.Language, Context = [], Position = window.Position }
            : window.Next,
    };

    // Options that were kept with a job have lists of their own, also empty ones; records compare lists by identity.
    static TranscribeOptions AsGiven(TranscribeOptions options) => options with
    {
        CandidateLanguages = options.CandidateLanguages is [] ? [] : options.CandidateLanguages,
        Keywords = options.Keywords is [] ? [] : options.Keywords,
        Decoding = options.Decoding with { SuppressTokens = options.Decoding.SuppressTokens is [] ? [] : options.Decoding.SuppressTokens },
    };

    void Wait(CancellationToken cancellation)
    {
        try
        {
            Gate?.Wait(cancellation);
        }
        catch (OperationCanceledException)
        {
            Interlocked.Increment(ref Cancelled);
            throw;
        }
    }
}
