using System.Collections.Frozen;
using Microsoft.Extensions.Options;
using SpeechEngine;
using TranscriptionApi.AudioUrls;
using TranscriptionApi.Catalog;
using TranscriptionApi.Errors;
using TranscriptionApi.Jobs;
using TranscriptionApi.Transcriptions.Fields;
using TranscriptionApi.Transcriptions.Formats;
using TranscriptionApi.Uploads;
using TranscriptionApi.Webhooks;

namespace TranscriptionApi.Transcriptions;

/// <summary>
/// Reads the form and checks it field by field; an empty field counts as absent, a field that is not listed is ignored.
/// To add a field: a line in the group of Fields/ that it belongs to, and a property in openapi.yaml.
/// </summary>
sealed class TranscriptionForm(
    ModelCatalog catalog, UploadStore uploads, AudioDownload download, WebhookUrls webhooks, IOptions<UploadOptions> limits, IOptions<JobOptions> jobs)
{
    public const string FileField = "file";

    static readonly FormField[] OwnFields = [new(AudioDownload.Field, "string"), new("model", "string"), new(LayoutFields.FormatField, "string"), new("channels", "string")];

    static readonly FormField[] OwnTranscriptionFields = [new("stream", "boolean"), new("include", "array")];

    /// <summary>What a translation reads. OpenAI's translations know no language, granularity or stream, so these are ignored there.</summary>
    public static readonly IReadOnlyList<FormField> TranslationFields =
    [
        .. OwnFields, .. LanguageFields.Fields, .. ContextFields.Fields, .. LayoutFields.Fields, .. SpeechFields.Fields, .. DecodingFields.Group.Fields,
        .. JobFields.Fields,
    ];

    public static readonly IReadOnlyList<FormField> TranscriptionFields =
        [.. TranslationFields, .. LanguageFields.TranscriptionOnly, .. LayoutFields.TranscriptionOnly, .. OwnTranscriptionFields];

    static readonly FrozenSet<string> TranslationNames = TranslationFields.Select(field => field.Name).ToFrozenSet();

    static readonly FrozenSet<string> TranscriptionNames = TranscriptionFields.Select(field => field.Name).ToFrozenSet();

    public async Task<TranscriptionRequest> ReadAsync(HttpRequest http, SpeechTask task, CancellationToken cancellation)
    {
        var names = task == SpeechTask.Transcribe ? TranscriptionNames : TranslationNames;
        var form = await MultipartForm.ReadAsync(http, FileField, jobs.Value.MaxBatchFiles, names, uploads, limits.Value.MaxBytes(), cancellation);
        try
        {
            return await CheckAsync(form, task, cancellation);
        }
        catch
        {
            form.Dispose();
            throw;
        }
    }

    async Task<TranscriptionRequest> CheckAsync(MultipartForm form, SpeechTask task, CancellationToken cancellation)
    {
        var isBackground = JobFields.IsBackground(form);
        var url = AudioUrl(form, isBackground);
        var model = Model(form.Single("model"));
        var format = Format(form.Single(LayoutFields.FormatField));
        var layout = LayoutFields.Read(form, format);
        var options = new TranscribeOptions
        {
            Task = task,
            WordTimestamps = layout.NeedsWordTimes,
            Decoding = DecodingFields.Group.Read(form, new DecodingOptions()),
        };
        options = LanguageFields.Read(form, options);
        options = ContextFields.Read(form, options);
        options = SpeechFields.Read(form, options);
        CheckStream(form.Single("stream"));
        CheckInclude(form.All("include"));
        var separateChannels = SeparateChannels(form.Single("channels"));
        var metadata = Metadata.Read(form);
        var webhookUrl = webhooks.Read(form.Single(WebhookUrls.Field), isBackground);
        return new TranscriptionRequest
        {
            // Last of all: nothing is fetched for a request that would be refused anyway.
            Uploads = url is null ? form.Files : [await download.FetchAsync(url, cancellation)],
            Model = model,
            Format = format,
            Layout = layout,
            Options = options,
            SeparateChannels = separateChannels,
            Background = isBackground,
            Metadata = metadata,
            WebhookUrl = webhookUrl,
        };
    }

    // Where the audio is to be fetched from when it did not come as a file.
    Uri? AudioUrl(MultipartForm form, bool isBackground) => (form.Files.Count, form.Single(AudioDownload.Field)) switch
    {
        (0, null) => throw ApiErrors.MissingFile(),
        (> 1, _) when !isBackground => throw ApiErrors.FilesWithoutBackground(),
        (_, null) => null,
        (0, var text) => download.Check(text),
        _ => throw ApiErrors.FileAndAudioUrl(),
    };

    CatalogModel Model(string? value)
    {
        var name = value?.Trim() ?? throw ApiErrors.MissingModel();
        return catalog.Find(name) ?? throw ApiErrors.UnknownModel(name, catalog.Present.Select(model => model.Id));
    }

    static TranscriptFormat Format(string? value) => value?.Trim() switch
    {
        null => TranscriptFormats.Default,
        "diarized_json" => throw ApiErrors.DiarizationNotSupported(),
        var name => TranscriptFormats.Find(name) ?? throw ApiErrors.UnknownValue(LayoutFields.FormatField, name, TranscriptFormats.Names),
    };

    static bool SeparateChannels(string? value) => value?.Trim() switch
    {
        null or "mix" => false,
        "separate" => true,
        var other => throw ApiErrors.UnknownChannels(other),
    };

    // Answering a streaming client with one body would look to it like an empty stream, so it is told.
    static void CheckStream(string? value)
    {
        if (value is not null && FieldValue.Flag("stream", value))
        {
            throw ApiErrors.StreamNotSupported();
        }
    }

    static void CheckInclude(IReadOnlyList<string> values)
    {
        if (values is [var first, ..])
        {
            throw ApiErrors.IncludeNotSupported(first.Trim());
        }
    }
}
