using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using SpeechEngine;
using SpeechEngine.Audio;
using TranscriptionApi.Engine;
using TranscriptionApi.Errors;

namespace TranscriptionApi.Transcriptions;

/// <summary>Turns an audio file into samples; tests without an audio decoder put their own here.</summary>
delegate PcmAudio DecodeAudio(string path, CancellationToken cancellation);

/// <summary>Turns an audio file into the samples of each of its channels.</summary>
delegate MultichannelAudio DecodeChannels(string path, CancellationToken cancellation);

/// <summary>
/// The use case: (1) wait for a place, (2) have the model in memory, (3) decode the audio, (4) run the model window by window.
/// Steps 3 and 4 block, so they run on threads of their own, never on the threads that serve requests.
/// Channels that are kept apart go through step 4 one after the other: at the same time, each would need a decoder state of its own.
/// </summary>
sealed class Transcriber(EngineQueue queue, EngineHost engines, DecodeAudio decode, DecodeChannels decodeChannels, EngineMetrics metrics)
{
    public async Task<Transcript> TranscribeAsync(TranscriptionRequest request, CancellationToken cancellation)
    {
        using var place = await queue.EnterAsync(cancellation);                                      // (1)
        var engine = await engines.GetAsync(request.Model, cancellation);                            // (2)
        CheckModelCan(engine, request);

        var started = Stopwatch.GetTimestamp();
        using var audio = await OnOwnThread(() => Decode(request, cancellation));                    // (3)
        var channels = new List<IReadOnlyList<WindowTranscript>>();
        foreach (var pcm in audio.Channels)
        {
            var windows = new List<WindowTranscript>();
            await foreach (var window in TranscribeWindowsAsync(engine, pcm, request, cancellation)) // (4)
            {
                windows.Add(window);
            }

            channels.Add(windows);
        }

        var work = Stopwatch.GetElapsedTime(started);
        place.IsFinished = true;
        metrics.Finished(request.Model.Id, audio.Duration, work);
        return request.SeparateChannels
            ? await OnOwnThread(() => Transcript.OfChannels(request.Options, channels, audio, work))
            : Transcript.Of(request.Options, channels[0], audio.Duration, work);
    }

    MultichannelAudio Decode(TranscriptionRequest request, CancellationToken cancellation) =>
        request.SeparateChannels ? decodeChannels(request.Upload.Path, cancellation) : new MultichannelAudio([decode(request.Upload.Path, cancellation)]);

    static void CheckModelCan(ISpeechToText engine, TranscriptionRequest request)
    {
        if (engine.IsMultilingual)
        {
            return;
        }

        if (request.Options.Task == SpeechTask.Translate)
        {
            throw ApiErrors.CannotTranslate(request.Model.Id);
        }

        if (request.Options.Language is { } language and not "en")
        {
            throw ApiErrors.LanguageNotInModel(language, request.Model.Id);
        }

        if (request.Options.CandidateLanguages is { Count: > 0 } candidates && !candidates.Contains("en"))
        {
            throw ApiErrors.CandidatesNotInModel(candidates, request.Model.Id);
        }
    }

    /// <summary>Hands out each window when it is finished, while the model works on the next.</summary>
    static async IAsyncEnumerable<WindowTranscript> TranscribeWindowsAsync(
        ISpeechToText engine, PcmAudio pcm, TranscriptionRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var windows = Channel.CreateUnbounded<WindowTranscript>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
        var work = OnOwnThread(() => Produce(engine, pcm, request, windows.Writer, stop.Token));
        try
        {
            await foreach (var window in windows.Reader.ReadAllAsync(CancellationToken.None))
            {
                yield return window;
            }
        }
        finally
        {
            // The samples are native memory: they must outlive the thread that reads them.
            await stop.CancelAsync();
            await work;
        }
    }

    // Failures travel to the reader through the channel, so the thread itself never throws.
    static bool Produce(ISpeechToText engine, PcmAudio pcm, TranscriptionRequest request, ChannelWriter<WindowTranscript> windows, CancellationToken stop)
    {
        try
        {
            foreach (var window in engine.Transcribe(pcm, request.Options, null, stop))
            {
                windows.TryWrite(window);
            }

            return windows.TryComplete();
        }
        catch (ArgumentException error) when (error.GetType() == typeof(ArgumentException) && LanguageNotInModel(request) is { } refusal)
        {
            return windows.TryComplete(refusal);
        }
        catch (Exception error)
        {
            return windows.TryComplete(error);
        }
    }

    // The form knows every language; one that this model lacks (Cantonese came late) only the engine can refuse.
    static ApiException? LanguageNotInModel(TranscriptionRequest request) => request.Options switch
    {
        { Language: { } language } => ApiErrors.LanguageNotInModel(language, request.Model.Id),
        { CandidateLanguages: { Count: > 0 } candidates } => ApiErrors.CandidatesNotInModel(candidates, request.Model.Id),
        _ => null,
    };

    static Task<T> OnOwnThread<T>(Func<T> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
