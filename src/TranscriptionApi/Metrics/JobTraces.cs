using System.Diagnostics;

namespace TranscriptionApi.Metrics;

/// <summary>
/// The trace of a job, from its upload to its result, whoever works on it:
/// <code>
/// (request) - job -+- upload
///                  +- queue            acceptance until the first claim
///                  +- attempt -+- decode
///                              +- transcribe
///                              +- store
/// </code>
/// The job's place in the trace is kept with it as a traceparent, so an attempt on another machine, or after a restart, hangs under it.
/// All functions give null, at no cost, while nobody collects traces. Whoever gets a span disposes it.
/// </summary>
static class JobTraces
{
    public const string SourceName = "TranscriptionApi";

    static readonly ActivitySource Source = new(SourceName);

    /// <summary>A job's acceptance, under the request's span, which continues the caller's own trace.</summary>
    public static Activity? Job(string lane) => Source.StartActivity("job", ActivityKind.Producer)?.SetTag("transcription.lane", lane);

    /// <summary>The body's way to disk, under the job.</summary>
    public static Activity? Upload() => Source.StartActivity("upload");

    /// <summary>What is kept with the job: W3C's traceparent (55 characters), or null when nobody collects the trace.</summary>
    public static string? Traceparent(Activity? job) => (job ?? Activity.Current) is { IdFormat: ActivityIdFormat.W3C, Recorded: true } span ? span.Id : null;

    /// <summary>The time that a job has waited, told afterwards by the worker that took it.</summary>
    public static void Queue(string? traceparent, DateTimeOffset accepted, DateTimeOffset claimed)
    {
        using var span = Source.StartActivity("queue", ActivityKind.Internal, Parent(traceparent), startTime: accepted);
        span?.SetEndTime(claimed.UtcDateTime);
    }

    /// <summary>A worker's attempt at a job; what follows on this flow of control hangs under it.</summary>
    /// <param name="traceparent">As it was kept with the job; null begins a trace.</param>
    /// <param name="job">The job's id.</param>
    /// <param name="attempt">Its number, from 1.</param>
    public static Activity? Attempt(string? traceparent, string job, int attempt) =>
        Source.StartActivity("attempt", ActivityKind.Consumer, Parent(traceparent))?.SetTag("transcription.job", job).SetTag("transcription.attempt", attempt);

    /// <summary>File to samples.</summary>
    public static Activity? Decode() => Source.StartActivity("decode");

    /// <summary>Samples to transcript.</summary>
    public static Activity? Transcribe(string model) => Source.StartActivity("transcribe")?.SetTag("transcription.model", model);

    /// <summary>Transcript to the job's row.</summary>
    public static Activity? Store() => Source.StartActivity("store");

    /// <summary>Marks a span as failed. The code is one of the server's own: messages may quote what was uploaded.</summary>
    public static void Fail(this Activity? span, string code) => span?.SetStatus(ActivityStatusCode.Error).SetTag("error.type", code);

    static ActivityContext Parent(string? traceparent) =>
        ActivityContext.TryParse(traceparent, traceState: null, isRemote: true, out var context) ? context : default;
}
