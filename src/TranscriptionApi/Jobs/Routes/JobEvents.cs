using System.Text.Json;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Jobs.Work;

namespace TranscriptionApi.Jobs.Routes;

/// <summary>
/// A job as server-sent events while it goes on: 0 it is queued, 1 it is in progress, 2 + i its segment i, and 2 + all its segments that
/// it has ended. Numbers follow from what is stored, so they are the same in every stream, after a restart and after another attempt, and
/// a reader whose connection broke goes on behind the number it saw last.
/// </summary>
sealed class JobEvents(JobStore store, JobSignals signals, JobReport report, Drain drain)
{
    public const string AfterField = "starting_after";

    const int Queued = 0;
    const int InProgress = 1;

    // Shorter than the patience of the proxies in between.
    static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);
    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    /// <param name="job">The job.</param>
    /// <param name="after">Number of the last event that is known already; -1 for none.</param>
    public IResult Of(Job job, int after) => new Answer(this, job, after + 1);

    async Task WriteAsync(HttpContext http, Job job, int next)
    {
        // A stopping server lets go of its readers: they come back to where the job goes on.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, drain.Over);
        var events = new EventStream(http.Response, next);
        using var watch = signals.WatchJob(job.Id);
        try
        {
            await events.StartAsync(stop.Token);
            for (int windows = 0, segments = 0; await store.FindAsync(job.Owner, job.Id, stop.Token) is { } now;)
            {
                await WriteBeginningAsync(events, now, stop.Token);
                if (now.State.IsEnd())
                {
                    await WriteEndAsync(events, now, stop.Token);
                    break;
                }

                // Segments of channels that are kept apart find their order at the end only.
                foreach (var saved in now.ReadRequest().SeparateChannels ? [] : await store.WindowsAsync(now.Id, windows, stop.Token))
                {
                    windows++;
                    foreach (var segment in saved.Window.Segments)
                    {
                        await events.WriteAsync(segment, segments++, stop.Token);
                    }
                }

                await events.FlushAsync(KeepAlive, stop.Token);
                await watch.NextAsync(Look, stop.Token);
            }

            await events.CloseAsync(stop.Token);
        }
        catch (Exception error) when ((error is OperationCanceledException && stop.IsCancellationRequested) || JobStoreErrors.IsOutage(error))
        {
            // Without the closing line the reader knows that there is more. It comes back, and hears of an outage then.
        }
    }

    static async Task WriteBeginningAsync(EventStream events, Job job, CancellationToken cancellation)
    {
        if (events.Wants(Queued))
        {
            await events.WriteAsync("audio.transcription.queued", Queued, Json(JobBody.Of(job).AsQueued()), cancellation);
        }

        if (events.Wants(InProgress) && job.StartedAt is not null)
        {
            await events.WriteAsync("audio.transcription.in_progress", InProgress, Json(JobBody.Of(job).AsInProgress()), cancellation);
        }
    }

    async Task WriteEndAsync(EventStream events, Job job, CancellationToken cancellation)
    {
        if (events.Wants(EventStream.FirstSegment + job.Segments - 1) && await store.ReadTranscriptAsync(job.Id, cancellation) is { } transcript)
        {
            foreach (var (i, segment) in transcript.Segments.Index())
            {
                await events.WriteAsync(segment, i, cancellation);
            }
        }

        var end = EventStream.FirstSegment + job.Segments;
        if (events.Wants(end))
        {
            await events.WriteAsync($"audio.transcription.{JobStatus.Of(job.State)}", end, await report.WriteAsync(job, cancellation), cancellation);
        }
    }

    static string Json(JobBody body) => JsonSerializer.Serialize(body, ApiJson.Wire.JobBody);

    sealed class Answer(JobEvents events, Job job, int next) : IResult
    {
        public Task ExecuteAsync(HttpContext http) => events.WriteAsync(http, job, next);
    }
}
