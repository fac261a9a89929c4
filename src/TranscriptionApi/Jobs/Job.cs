using SpeechEngine;
using TranscriptionApi.Errors;
using TranscriptionApi.Transcriptions;

namespace TranscriptionApi.Jobs;

/// <summary>Who is served first.</summary>
enum Lane
{
    /// <summary>Somebody waits on the line.</summary>
    Interactive,

    /// <summary>The answer is asked for later.</summary>
    Batch,
}

/// <summary>What a job is to do, as it is kept with the job: a restart goes on with these options, whatever the settings are by then.</summary>
sealed record JobRequest
{
    /// <summary>Catalog id of the model.</summary>
    public required string Model { get; init; }

    public required TranscribeOptions Options { get; init; }

    public bool SeparateChannels { get; init; }

    /// <summary>Name of the response format that was asked for; the transcript is kept as data, so others can be had too.</summary>
    public required string Format { get; init; }

    public required Layout Layout { get; init; }
}

/// <summary>Why a job failed: what its owner is told, then and at every later question.</summary>
/// <param name="Status">HTTP status of a call that waits for the job.</param>
/// <param name="Type">OpenAI's error type.</param>
/// <param name="Message">What went wrong.</param>
/// <param name="Param">Form field at fault.</param>
/// <param name="Code">Word for programs.</param>
sealed record JobError(int Status, string Type, string Message, string? Param, string? Code)
{
    public static JobError Of(ApiException error) => new(error.Status, error.Type, error.Message, error.Param, error.Code);

    // Some clients send a 503 without a time again at once.
    public ApiException ToException() => new(Status, Type, Message, Param, Code) { RetryAfter = Status == 503 ? TimeSpan.FromSeconds(5) : null };
}

/// <summary>A job that is to be accepted.</summary>
sealed record NewJob
{
    /// <summary>"transcription_" and 32 random hex digits.</summary>
    public required string Id { get; init; }

    /// <summary>Whose it is: the name of an API key, never the key. Nobody else sees the job.</summary>
    public required string Owner { get; init; }

    public required Lane Lane { get; init; }

    public required JobRequest Request { get; init; }

    /// <summary>Hash of the audio and of everything that changes the transcript: requests with the same one can share the work.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Hash of the whole request; an idempotency key stands for one of these.</summary>
    public required string RequestHash { get; init; }

    public string? IdempotencyKey { get; init; }

    /// <summary>Jobs that came in one call share it.</summary>
    public string? Batch { get; init; }

    /// <summary>Nobody waits on the line; the job goes on until it ends.</summary>
    public bool Background { get; init; }

    /// <summary>The owner's own names and values, as a JSON object of strings.</summary>
    public string? Metadata { get; init; }

    /// <summary>Where the end is told.</summary>
    public string? WebhookUrl { get; init; }

    /// <summary>Name of the file in the audio store.</summary>
    public required string AudioPath { get; init; }

    public required long AudioBytes { get; init; }

    /// <summary>Length of the audio in milliseconds, estimated before it is decoded.</summary>
    public required long AudioMs { get; init; }

    /// <summary>Container of the audio, such as wav or mp3.</summary>
    public required string AudioFormat { get; init; }

    /// <summary>W3C traceparent of the request.</summary>
    public string? Trace { get; init; }

    /// <summary>How long the job goes on although nobody waits for it; null without end.</summary>
    public TimeSpan? WantedFor { get; init; }
}

/// <summary>A job as it is stored. Times are milliseconds since 1970, of the database's clock.</summary>
sealed class Job
{
    public required string Id { get; init; }

    /// <summary>Grows with every job that is accepted.</summary>
    public long Seq { get; init; }

    public required string Owner { get; init; }

    public Lane Lane { get; init; }

    public JobState State { get; init; }

    public required string Model { get; init; }

    /// <summary><see cref="JobRequest"/> as JSON.</summary>
    public required string Request { get; init; }

    public required string Fingerprint { get; init; }

    public required string RequestHash { get; init; }

    public string? IdempotencyKey { get; init; }

    public string? Batch { get; init; }

    public bool Background { get; init; }

    public string? Metadata { get; init; }

    public string? WebhookUrl { get; init; }

    /// <summary>Name of the file in the audio store; null once the file is deleted.</summary>
    public string? AudioPath { get; init; }

    public long AudioBytes { get; init; }

    /// <summary>Length of the audio: an estimate until it was decoded.</summary>
    public long AudioMs { get; init; }

    public required string AudioFormat { get; init; }

    public string? Trace { get; init; }

    /// <summary>Attempts so far that count, the running one included.</summary>
    public int Attempt { get; init; }

    /// <summary>Deaths of its workers since it last came forward.</summary>
    public int Crashes { get; init; }

    /// <summary>The fence: grows with every claim, and only the worker that holds the latest may write.</summary>
    public long Epoch { get; init; }

    /// <summary>Instance that works on it.</summary>
    public string? Worker { get; init; }

    public long LeaseUntil { get; init; }

    /// <summary>Not taken before.</summary>
    public long NotBefore { get; init; }

    /// <summary>Given up when this passes without anybody waiting; null never.</summary>
    public long? WantedUntil { get; init; }

    /// <summary>How far into the audio the saved windows reach.</summary>
    public long ProgressMs { get; init; }

    /// <summary>Segments in the saved windows, then in the transcript: numbers the events of a job.</summary>
    public int Segments { get; init; }

    /// <summary><see cref="JobError"/> as JSON; while a job waits for another attempt, what went wrong in the last.</summary>
    public string? Error { get; init; }

    public long CreatedAt { get; init; }

    public long? StartedAt { get; init; }

    public long? EndedAt { get; init; }

    /// <summary>The transcript is erased at this time.</summary>
    public long? ExpiresAt { get; init; }

    public JobRequest ReadRequest() => JobJson.Read(Request, JobJson.Kept.JobRequest);

    public JobError? ReadError() => Error is null ? null : JobJson.Read(Error, JobJson.Kept.JobError);

    public IReadOnlyDictionary<string, string> ReadMetadata() =>
        Metadata is null ? new Dictionary<string, string>() : JobJson.Read(Metadata, JobJson.Kept.IReadOnlyDictionaryStringString);

    public JobLease Lease => new(Id, Epoch);
}

/// <summary>The right to write to a job: worthless once the job was claimed again, cancelled or erased.</summary>
readonly record struct JobLease(string Id, long Epoch);
