using System.Text.Json.Serialization;
using TranscriptionApi.Transcriptions.Formats;

namespace TranscriptionApi.Jobs.Routes;

/// <summary>
/// A job as its owner sees it. Times are Unix seconds. A completed one that is asked for by its id has the keys of its response format besides.
/// </summary>
sealed record JobBody
{
    public required string Id { get; init; }

    public string Object { get; } = "audio.transcription";

    public required string Status { get; init; }

    public required long CreatedAt { get; init; }

    public required long? StartedAt { get; init; }

    public required long? CompletedAt { get; init; }

    public required long? ExpiresAt { get; init; }

    public required bool Background { get; init; }

    public required string Model { get; init; }

    public required string ResponseFormat { get; init; }

    public required int Progress { get; init; }

    public long? QueuePosition { get; init; }

    public long? EstimatedStartAt { get; init; }

    public long? EstimatedCompletionAt { get; init; }

    public required int Attempts { get; init; }

    public required JobFailure? Error { get; init; }

    public required Usage? Usage { get; init; }

    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    public required string? BatchId { get; init; }

    /// <summary>What the job itself tells; its place in the queue and its transcript are told elsewhere.</summary>
    public static JobBody Of(Job job)
    {
        var request = job.ReadRequest();
        var isCompleted = job.State == JobState.Completed;
        return new JobBody
        {
            Id = job.Id,
            Status = JobStatus.Of(job.State),
            CreatedAt = job.CreatedAt / 1000,
            StartedAt = job.StartedAt / 1000,
            CompletedAt = isCompleted ? job.EndedAt / 1000 : null,
            ExpiresAt = job.ExpiresAt / 1000,
            Background = job.Background,
            Model = job.Model,
            ResponseFormat = request.Format,
            Progress = isCompleted ? 100 : job.AudioMs > 0 ? (int)Math.Clamp(100 * job.ProgressMs / job.AudioMs, 0, 99) : 0,
            Attempts = job.Attempt,
            Error = JobFailure.Of(job),
            Usage = isCompleted ? Usage.Of(request.Options.Task, TimeSpan.FromMilliseconds(job.AudioMs)) : null,
            Metadata = job.ReadMetadata(),
            BatchId = job.Batch,
        };
    }

    /// <summary>The job as it was before it was taken, for an event that tells just that.</summary>
    public JobBody AsQueued() => AsInProgress() with { Status = JobStatus.Of(JobState.Queued), StartedAt = null, Attempts = 0 };

    /// <summary>The job as it was when it was taken.</summary>
    public JobBody AsInProgress() => this with
    {
        Status = JobStatus.Of(JobState.Running),
        CompletedAt = null,
        ExpiresAt = null,
        Progress = 0,
        QueuePosition = null,
        EstimatedStartAt = null,
        EstimatedCompletionAt = null,
        Attempts = 1,
        Error = null,
        Usage = null,
    };
}

/// <summary>Why there is no transcript.</summary>
sealed record JobFailure(string Code, string Message)
{
    /// <summary>Null unless the job failed or expired.</summary>
    public static JobFailure? Of(Job job)
    {
        var error = job.State switch
        {
            JobState.Failed => job.ReadError()!.ToException(),
            JobState.Expired => Errors.ApiErrors.Expired(),
            _ => null,
        };
        return error is null ? null : new JobFailure(error.Code ?? error.Type, error.Message);
    }
}

/// <summary>Several jobs. The id of a batch is told where it was made.</summary>
sealed record JobList(
    string Object,
    IReadOnlyList<JobBody> Data,
    string? FirstId,
    string? LastId,
    bool HasMore,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? BatchId)
{
    public static JobList Of(IReadOnlyList<JobBody> jobs, bool hasMore, string? batch = null) =>
        new("list", jobs, jobs is [var first, ..] ? first.Id : null, jobs is [.., var last] ? last.Id : null, hasMore, batch);
}

/// <summary>The job is gone.</summary>
sealed record JobDeleted(string Id, string Object, bool Deleted)
{
    public static JobDeleted Of(string id) => new(id, "audio.transcription.deleted", Deleted: true);
}
