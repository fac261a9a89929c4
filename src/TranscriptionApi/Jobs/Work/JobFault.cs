using SpeechEngine.Audio;
using SpeechEngine.Loading;
using TranscriptionApi.Engine;
using TranscriptionApi.Errors;
using TranscriptionApi.Jobs.Store;

namespace TranscriptionApi.Jobs.Work;

/// <summary>What a failed attempt means.</summary>
/// <param name="Error">What the owner is told when it is final.</param>
/// <param name="MayPass">Another attempt may succeed.</param>
/// <param name="IsOurs">Not the caller's doing: the log says why.</param>
sealed record JobFault(JobError Error, bool MayPass, bool IsOurs)
{
    public static JobFault Of(string job, Exception error) => error switch
    {
        ApiException { Status: < 500 } refusal => new(JobError.Of(refusal), MayPass: false, IsOurs: false),
        InvalidAudioException bad => new(JobError.Of(ApiErrors.BadAudio(bad)), MayPass: false, IsOurs: false),

        // Another server may have put the file on a share that is slow to show it.
        ApiException lost => new(JobError.Of(lost), MayPass: true, IsOurs: true),

        // A file that is no model stays none until somebody puts another in its place.
        ModelLoadException model => new(JobError.Of(ApiErrors.ModelFailed(model.Model)), model.InnerException is not InvalidModelException, IsOurs: true),
        _ => new(JobError.Of(ApiErrors.JobFailed(job)), IsPassing(error), IsOurs: true),
    };

    /// <summary>Of the surroundings, not of the program: a full or vanished disk, a database that is away, no memory left.</summary>
    public static bool IsPassing(Exception error) =>
        error is IOException or UnauthorizedAccessException or TimeoutException or OutOfMemoryException || JobStoreErrors.IsOutage(error);
}
