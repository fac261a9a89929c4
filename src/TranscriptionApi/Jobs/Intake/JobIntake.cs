using Microsoft.Extensions.Options;
using SpeechEngine.Audio;
using TranscriptionApi.Engine;
using TranscriptionApi.Errors;
using TranscriptionApi.Jobs.Audio;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Jobs.Work;
using TranscriptionApi.Metrics;
using TranscriptionApi.Transcriptions;
using TranscriptionApi.Uploads;

namespace TranscriptionApi.Jobs.Intake;

/// <summary>
/// A checked request becomes jobs, one per file, all or none: (1) the audio goes to the audio store, on the disk under its new name,
/// (2) the jobs go to the queue in one transaction, or turn out to be there already. What is accepted survives everything but the disk.
/// </summary>
sealed class JobIntake(JobStore store, AudioStore audio, JobEstimate estimate, IOptions<JobOptions> jobs, IOptions<EngineOptions> engine)
{
    static readonly TimeSpan ShortestRetry = TimeSpan.FromSeconds(1);
    static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(60);

    /// <summary>The jobs that do what was asked for: new ones, or those that do it already.</summary>
    /// <param name="request">What was asked for; its files are moved away.</param>
    /// <param name="owner">Name of the caller.</param>
    /// <param name="idempotencyKey">The caller's name for the request.</param>
    /// <exception cref="ApiException">Too many jobs wait, the idempotency key stands for another request, or the disk is full.</exception>
    public async Task<IReadOnlyList<Job>> AcceptAsync(TranscriptionRequest request, string owner, string? idempotencyKey)
    {
        var asked = Describe(request, owner, idempotencyKey);
        var taken = TakeAudio(request.Uploads);                                                                     // (1)
        Checkpoint.Reach(Checkpoint.AudioTaken);

        // Not to be stopped half-way. Where nobody knows whether the jobs are stored, their files stay; without jobs they are swept.
        var accepted = await store.AcceptAsync(                                                                     // (2)
            [.. asked.Zip(taken, (job, path) => job with { AudioPath = path })], Rules(), () => taken.ForEach(audio.Delete), CancellationToken.None);
        Checkpoint.Reach(Checkpoint.Accepted);
        return accepted.Outcome switch
        {
            Acceptance.KeyReused => throw ApiErrors.IdempotencyKeyReused(),
            Acceptance.Full => throw ApiErrors.Overloaded(await RetryAfterAsync()),
            _ => accepted.Jobs,
        };
    }

    List<NewJob> Describe(TranscriptionRequest request, string owner, string? idempotencyKey)
    {
        var fingerprints = request.Uploads.Select(upload => RequestHash.Fingerprint(upload, request)).ToList();
        var hash = RequestHash.Of(fingerprints, request);
        var batch = request.Uploads.Count > 1 ? JobId.NewBatch() : null;
        return [.. request.Uploads.Select((upload, i) =>
        {
            var facts = AudioFacts.Read(upload.Path);
            return new NewJob
            {
                Id = JobId.New(),
                Owner = owner,
                Lane = request.Background ? Lane.Batch : Lane.Interactive,
                Request = new JobRequest
                {
                    Model = request.Model.Id,
                    Options = request.Options,
                    SeparateChannels = request.SeparateChannels,
                    Format = request.Format.Name,
                    Layout = request.Layout,
                },
                Fingerprint = fingerprints[i],
                RequestHash = hash,
                IdempotencyKey = i == 0 ? idempotencyKey : null,
                Batch = batch,
                Background = request.Background,
                Metadata = request.Metadata.Count > 0 ? JobJson.Write(request.Metadata, JobJson.Kept.IReadOnlyDictionaryStringString) : null,
                WebhookUrl = request.WebhookUrl,
                AudioPath = "",
                AudioBytes = upload.Length,
                AudioMs = (long)(facts.Duration * (request.SeparateChannels ? facts.Channels : 1)).TotalMilliseconds,
                AudioFormat = facts.Container,
                Trace = JobTraces.Traceparent(null),
                WantedFor = request.Background ? null : Waiting.JobWait.Grace(jobs.Value),
            };
        })];
    }

    List<string> TakeAudio(IReadOnlyList<Upload> uploads)
    {
        var taken = new List<string>();
        try
        {
            foreach (var upload in uploads)
            {
                taken.Add(audio.Take(upload));
            }

            return taken;
        }
        catch
        {
            taken.ForEach(audio.Delete);
            throw;
        }
    }

    AcceptRules Rules() => new(
        jobs.Value.MaxQueued, engine.Value.MaxWaiting, jobs.Value.JoinMinutes > 0 ? jobs.Value.Join() : null, engine.Value.Places());

    // When all that waits and runs should be done.
    async Task<TimeSpan> RetryAfterAsync()
    {
        var figures = await store.FiguresAsync(CancellationToken.None);
        var expected = estimate.TimeFor(TimeSpan.FromMilliseconds(figures.Sum(figure => figure.AudioMs)), Lane.Interactive);
        return expected < ShortestRetry ? ShortestRetry : expected > LongestRetry ? LongestRetry : expected;
    }
}
