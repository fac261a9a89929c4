using SpeechEngine;
using TranscriptionApi.Catalog;
using TranscriptionApi.Transcriptions.Formats;
using TranscriptionApi.Uploads;

namespace TranscriptionApi.Transcriptions;

/// <summary>A request in which every field was checked. Owns its upload: disposing it deletes the file.</summary>
sealed class TranscriptionRequest : IDisposable
{
    public required Upload Upload { get; init; }

    public required CatalogModel Model { get; init; }

    public required TranscriptFormat Format { get; init; }

    public required Layout Layout { get; init; }

    public required TranscribeOptions Options { get; init; }

    /// <summary>Transcribes every channel for itself instead of their mix.</summary>
    public bool SeparateChannels { get; init; }

    public void Dispose() => Upload.Dispose();
}
