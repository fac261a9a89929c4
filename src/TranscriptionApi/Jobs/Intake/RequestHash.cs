using System.Security.Cryptography;
using SpeechEngine;
using TranscriptionApi.Transcriptions;
using TranscriptionApi.Uploads;

namespace TranscriptionApi.Jobs.Intake;

/// <summary>What makes two requests the same: SHA-256 in hex over their audio and over JSON whose keys always stand in the same order.</summary>
static class RequestHash
{
    /// <summary>Of the audio and of all that changes the transcript.</summary>
    public static string Fingerprint(Upload upload, TranscriptionRequest request)
    {
        var work = JobJson.WriteBytes(new WorkToDo(request.Model.Id, request.Options, request.SeparateChannels), JobJson.Kept.WorkToDo);
        return Convert.ToHexStringLower(SHA256.HashData([.. upload.Hash!, .. work]));
    }

    /// <summary>Of everything that was asked for.</summary>
    public static string Of(IReadOnlyList<string> fingerprints, TranscriptionRequest request)
    {
        // Clients may write the same object in another order the next time.
        var metadata = new SortedDictionary<string, string>(request.Metadata.ToDictionary(), StringComparer.Ordinal);
        var asked = new AskedFor(fingerprints, request.Format.Name, request.Layout, request.Background, metadata, request.WebhookUrl);
        return Convert.ToHexStringLower(SHA256.HashData(JobJson.WriteBytes(asked, JobJson.Kept.AskedFor)));
    }
}

/// <summary>All that changes the transcript besides the audio.</summary>
sealed record WorkToDo(string Model, TranscribeOptions Options, bool SeparateChannels);

/// <summary>A request as a whole; the fingerprints stand for its audio and its work.</summary>
sealed record AskedFor(
    IReadOnlyList<string> Fingerprints, string Format, Layout Layout, bool Background, IReadOnlyDictionary<string, string> Metadata, string? WebhookUrl);
