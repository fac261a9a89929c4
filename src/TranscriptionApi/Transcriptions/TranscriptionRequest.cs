using SpeechEngine;
using TranscriptionApi.Catalog;
using TranscriptionApi.Transcriptions.Formats;
using TranscriptionApi.Uploads;

namespace TranscriptionApi.Transcriptions;

/// <summary>A request in which every field was checked. Owns its uploads: disposing it deletes the files.</summary>
sealed class TranscriptionRequest : IDisposable
{
    /// <summary>At least one; several only in the background.</summary>
    public required IReadOnlyList<Upload> Uploads { get; init; }

    public required CatalogModel Model { get; init; }

    public required TranscriptFormat Format { get; init; }

    public required Layout Layout { get; init; }

    public required TranscribeOptions Options { get; init; }

    /// <summary>Transcribes every channel for itself instead of their mix.</summary>
    public bool SeparateChannels { get; init; }

    /// <summary>The answer is asked for later.</summary>
    public bool Background { get; init; }

    /// <summary>The caller's own names and values, given back with the job.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Where the end of the job is told; null when nobody is to be told.</summary>
    public string? WebhookUrl { get; init; }

    public void Dispose()
    {
        foreach (var upload in Uploads)
        {
            upload.Dispose();
        }
    }
}
