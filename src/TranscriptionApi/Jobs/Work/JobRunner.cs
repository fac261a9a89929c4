using System.Diagnostics;
using SpeechEngine;
using SpeechEngine.Audio;
using TranscriptionApi.Catalog;
using TranscriptionApi.Engine;
using TranscriptionApi.Errors;
using TranscriptionApi.Jobs.Audio;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Metrics;
using TranscriptionApi.Transcriptions;

namespace TranscriptionApi.Jobs.Work;

/// <summary>
/// The work of one job: (1) have the model in memory, (2) decode the audio, (3) go on where an earlier attempt was, (4) run the model window
/// by window, (5) put the windows together. Steps 2, 4 and 5 block, so they run on threads of their own, never on the threads that serve
/// requests. Channels that are kept apart go through step 4 one after the other: at the same time, each would need a decoder state of its own.
/// </summary>
sealed partial class JobRunner(
    ModelCatalog catalog, EngineHost engines, AudioStore audioStore, JobStore store, DecodeAudio decode, DecodeChannels decodeChannels, JobMetrics metrics, JobEstimate estimate, ILogger<JobRunner> logger)
{
    public async Task<FinishedWork> RunAsync(RunningJob running)
    {
        var (job, stopped) = (running.Job, running.Stopped);
        var request = job.ReadRequest();
        var model = catalog.Find(request.Model) ?? throw ApiErrors.UnknownModel(request.Model, catalog.Present.Select(present => present.Id));
        using var use = await engines.UseAsync(model, stopped);                                     // (1)
        CheckModelCan(use.Engine, request);

        var started = Stopwatch.GetTimestamp();
        using var audio = await DecodeAsync(FindAudio(job), request.SeparateChannels, stopped);               // (2)
        Checkpoint.Reach(Checkpoint.Decoded);
        running.Resume(await store.WindowsAsync(job.Id, stopped));                                  // (3)

        using var span = JobTraces.Transcribe(request.Model);
        var channels = await OnOwnThread(() => Listen(use.Engine, audio, request, running));        // (4)
        var work = Stopwatch.GetElapsedTime(started);
        metrics.Transcribed(request.Model, job.AudioFormat, audio.Duration, work);
        estimate.Finished(audio.Duration * audio.Channels.Count, work);
        var transcript = request.SeparateChannels                                                   // (5)
            ? await OnOwnThread(() => Transcript.OfChannels(request.Options, channels, audio, work))
            : Transcript.Of(request.Options, channels[0], audio.Duration, work);
        return new FinishedWork(transcript, TimeSpan.FromMilliseconds(Math.Ceiling(audio.Duration.TotalMilliseconds)));
    }

    static void CheckModelCan(ISpeechToText engine, JobRequest request)
    {
        if (engine.IsMultilingual)
        {
            return;
        }

        if (request.Options.Task == SpeechTask.Translate)
        {
            throw ApiErrors.CannotTranslate(request.Model);
        }

        if (request.Options.Language is { } language and not "en")
        {
            throw ApiErrors.LanguageNotInModel(language, request.Model);
        }

        if (request.Options.CandidateLanguages is { Count: > 0 } candidates && !candidates.Contains("en"))
        {
            throw ApiErrors.CandidatesNotInModel(candidates, request.Model);
        }
    }

    // A file that lost its end would be transcribed without a word about it.
    string FindAudio(Job job)
    {
        var path = job.AudioPath is { } name ? audioStore.PathOf(name) : throw ApiErrors.AudioLost(job.Id);
        var file = new FileInfo(path);
        return file.Exists && file.Length == job.AudioBytes ? path : throw ApiErrors.AudioLost(job.Id);
    }

    async Task<MultichannelAudio> DecodeAsync(string path, bool separate, CancellationToken stopped)
    {
        using var span = JobTraces.Decode();
        return await OnOwnThread(() => separate ? decodeChannels(path, stopped) : new MultichannelAudio([decode(path, stopped)]));
    }

    List<List<WindowTranscript>> Listen(ISpeechToText engine, MultichannelAudio audio, JobRequest request, RunningJob running)
    {
        try
        {
            return ListenToChannels(engine, audio, request, running);
        }
        catch (ArgumentException error) when (error.GetType() == typeof(ArgumentException) && running.Windows() is { Count: > 0 })
        {
            // Another version of the program or of the model's file saved them.
            LogBeginsAnew(running.Job.Id);
            running.Resume([]);
            return ListenToChannels(engine, audio, request, running);
        }
        catch (ArgumentException error) when (error.GetType() == typeof(ArgumentException) && LanguageNotInModel(request) is { } refusal)
        {
            throw refusal;
        }
    }

    List<List<WindowTranscript>> ListenToChannels(ISpeechToText engine, MultichannelAudio audio, JobRequest request, RunningJob running)
    {
        var saved = running.Windows();
        if (saved is [.., var last])
        {
            LogResumed(running.Job.Id, last.Window.Position.TotalSeconds, saved.Count);
        }

        var channels = audio.Channels.Select(_ => new List<WindowTranscript>()).ToList();
        foreach (var window in saved)
        {
            channels[window.Channel].Add(window.Window);
        }

        for (var channel = saved is [.., { Channel: var reached }] ? reached : 0; channel < channels.Count; channel++)
        {
            var windows = channels[channel];
            foreach (var window in engine.Transcribe(audio.Channels[channel], request.Options, windows is [.., var before] ? before.Next : null, running.Stopped))
            {
                windows.Add(window);
                running.Advance(new SavedWindow(channel, window), (audio.Duration * channel) + window.Position, audio.Duration * channels.Count);
            }
        }

        return channels;
    }

    // The form knows every language; one that this model lacks (Cantonese came late) only the engine can refuse.
    static ApiException? LanguageNotInModel(JobRequest request) => request.Options switch
    {
        { Language: { } language } => ApiErrors.LanguageNotInModel(language, request.Model),
        { CandidateLanguages: { Count: > 0 } candidates } => ApiErrors.CandidatesNotInModel(candidates, request.Model),
        _ => null,
    };

    static Task<T> OnOwnThread<T>(Func<T> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    [LoggerMessage(LogLevel.Information, "Job {Job} goes on at {Seconds} s, after {Windows} saved windows.")]
    partial void LogResumed(string job, double seconds, int windows);

    [LoggerMessage(LogLevel.Warning, "Job {Job} begins anew: the saved windows do not fit its audio and model any more.")]
    partial void LogBeginsAnew(string job);
}

/// <summary>What a worker has in hand when a job is done.</summary>
/// <param name="Transcript">The result.</param>
/// <param name="Audio">Length of the audio, in whole milliseconds, rounded up as it is when it is charged.</param>
sealed record FinishedWork(Transcript Transcript, TimeSpan Audio);
