using Microsoft.Extensions.Options;
using TranscriptionApi.Engine;
using TranscriptionApi.Errors;
using TranscriptionApi.Jobs.Audio;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Jobs.Work;
using TranscriptionApi.Transcriptions;

namespace TranscriptionApi.Jobs;

/// <summary>A call that waits for its job: accept it, wait, give the transcript or the error.</summary>
sealed class WaitingCall(JobStore store, AudioStore audioStore, JobSignals signals, RunningJobs running, Drain drain, IOptions<JobOptions> jobOptions, IOptions<EngineOptions> engineOptions)
{
    const string Owner = "";
    static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    public async Task<Transcript> TranscribeAsync(TranscriptionRequest request, CancellationToken cancellation)
    {
        var job = await AcceptAsync(request, cancellation);
        try
        {
            return await WaitAsync(job.Id, cancellation);
        }
        catch (OperationCanceledException) when (!drain.Over.IsCancellationRequested)
        {
            await store.CancelAsync(Owner, job.Id, CancellationToken.None);
            throw;
        }
    }

    async Task<Job> AcceptAsync(TranscriptionRequest request, CancellationToken cancellation)
    {
        var id = JobId.New();
        var size = request.Upload.Length;
        var path = audioStore.Take(request.Upload);
        Checkpoint.Reach(Checkpoint.AudioTaken);
        var job = new NewJob
        {
            Id = id,
            Owner = Owner,
            Lane = Lane.Interactive,
            Request = new JobRequest
            {
                Model = request.Model.Id,
                Options = request.Options,
                SeparateChannels = request.SeparateChannels,
                Format = request.Format.Name,
                Layout = request.Layout,
            },
            Fingerprint = id,
            RequestHash = id,
            AudioPath = path,
            AudioBytes = size,
            AudioMs = 0,
            AudioFormat = SpeechEngine.Audio.AudioDecoder.ContainerOf(audioStore.PathOf(path)),
            WantedFor = jobOptions.Value.Abandon(),
        };
        var accepted = await store.AcceptAsync([job], new AcceptRules(jobOptions.Value.MaxQueued, engineOptions.Value.MaxWaiting + running.Free, Join: null), cancellation);
        Checkpoint.Reach(Checkpoint.Accepted);
        if (accepted is { Jobs: [var only] })
        {
            return only;
        }

        audioStore.Delete(path);
        throw ApiErrors.Overloaded(TimeSpan.FromSeconds(5));
    }

    async Task<Transcript> WaitAsync(string id, CancellationToken cancellation)
    {
        using var watch = signals.WatchJob(id);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, drain.Over);
        while (true)
        {
            var job = await store.FindAsync(id, stop.Token) ?? throw ApiErrors.ShuttingDown();
            if (job.State == JobState.Completed && await store.TranscriptAsync(id, stop.Token) is { } body)
            {
                return JobJson.Read(body, JobJson.Kept.Transcript);
            }

            if (job.State.IsEnd())
            {
                throw job.ReadError()?.ToException() ?? ApiErrors.ShuttingDown();
            }

            await watch.NextAsync(Look, stop.Token);
        }
    }
}
