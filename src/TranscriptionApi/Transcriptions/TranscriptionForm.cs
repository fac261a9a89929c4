using System.Collections.Frozen;
using System.Globalization;
using Microsoft.Extensions.Options;
using SpeechEngine;
using SpeechEngine.Decoding;
using TranscriptionApi.Catalog;
using TranscriptionApi.Errors;
using TranscriptionApi.Transcriptions.Formats;
using TranscriptionApi.Uploads;

namespace TranscriptionApi.Transcriptions;

/// <summary>
/// Reads the form and checks it field by field, in the order of openapi.yaml; every rule and refusal is here.
/// An empty field counts as absent, a field that is not listed is ignored.
/// To add a field: its name in the set, its rule in a method, a property in openapi.yaml.
/// </summary>
sealed class TranscriptionForm(ModelCatalog catalog, UploadStore uploads, IOptions<UploadOptions> limits)
{
    public const string FileField = "file";

    public static readonly FrozenSet<string> TranscriptionFields =
        FrozenSet.Create("model", "language", "prompt", "response_format", "temperature", "timestamp_granularities", "stream", "include", "channels");

    public static readonly FrozenSet<string> TranslationFields = FrozenSet.Create("model", "prompt", "response_format", "temperature", "channels");

    // Codes that other tools use for languages of the model.
    static readonly FrozenDictionary<string, string> LanguageAliases =
        new Dictionary<string, string> { ["jv"] = "jw", ["nb"] = "no" }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    public async Task<TranscriptionRequest> ReadAsync(HttpRequest http, SpeechTask task, CancellationToken cancellation)
    {
        var fields = task == SpeechTask.Transcribe ? TranscriptionFields : TranslationFields;
        var form = await MultipartForm.ReadAsync(http, FileField, fields, uploads, limits.Value.MaxBytes(), cancellation);
        try
        {
            return Check(form, task);
        }
        catch
        {
            form.Dispose();
            throw;
        }
    }

    TranscriptionRequest Check(MultipartForm form, SpeechTask task)
    {
        var upload = form.File ?? throw ApiErrors.MissingFile();
        var model = Model(form.Single("model"));
        var language = Language(form.Single("language"));
        var prompt = form.Single("prompt");
        var format = Format(form.Single("response_format"));
        var temperature = Temperature(form.Single("temperature"));
        CheckGranularities(form.All("timestamp_granularities"), format);
        CheckStream(form.Single("stream"));
        CheckInclude(form.All("include"));
        var separateChannels = SeparateChannels(form.Single("channels"));

        return new TranscriptionRequest
        {
            Upload = upload,
            Model = model,
            Format = format,
            Options = new TranscribeOptions { Task = task, Language = language, Prompt = prompt, Decoding = new DecodingOptions { Temperature = temperature } },
            SeparateChannels = separateChannels,
        };
    }

    CatalogModel Model(string? value)
    {
        var name = value?.Trim() ?? throw ApiErrors.MissingModel();
        return catalog.Find(name) ?? throw ApiErrors.UnknownModel(name, catalog.Present.Select(model => model.Id));
    }

    static string? Language(string? value)
    {
        if (value is null)
        {
            return null;
        }

        var code = value.Trim();
        var index = Languages.IndexOf(LanguageAliases.GetValueOrDefault(code, code));
        return index >= 0 ? Languages.CodeAt(index) : throw ApiErrors.InvalidLanguage(code);
    }

    static TranscriptFormat Format(string? value) => value?.Trim() switch
    {
        null => TranscriptFormats.Default,
        "diarized_json" => throw ApiErrors.DiarizationNotSupported(),
        var name => TranscriptFormats.Find(name) ?? throw ApiErrors.UnknownResponseFormat(name, TranscriptFormats.Names),
    };

    static float Temperature(string? value)
    {
        if (value is null)
        {
            return 0;
        }

        if (!float.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var temperature) || float.IsNaN(temperature))
        {
            throw ApiErrors.TemperatureNotANumber(value);
        }

        return temperature switch
        {
            > 1 => throw ApiErrors.TemperatureTooHigh(value),
            < 0 => throw ApiErrors.TemperatureTooLow(value),
            _ => temperature,
        };
    }

    static void CheckGranularities(IReadOnlyList<string> values, TranscriptFormat format)
    {
        foreach (var value in values.Select(value => value.Trim()))
        {
            if (value != "segment")
            {
                throw value == "word" ? ApiErrors.WordTimesNotSupported() : ApiErrors.UnknownGranularity(value);
            }
        }

        if (values.Count > 0 && format != TranscriptFormats.VerboseJson)
        {
            throw ApiErrors.GranularitiesNeedVerboseJson();
        }
    }

    // Answering a streaming client with one body would look to it like an empty stream, so it is told.
    static void CheckStream(string? value)
    {
        switch (value?.Trim().ToUpperInvariant())
        {
            case null or "FALSE" or "0":
                return;
            case "TRUE" or "1":
                throw ApiErrors.StreamNotSupported();
            default:
                throw ApiErrors.StreamNotABoolean(value!);
        }
    }

    static void CheckInclude(IReadOnlyList<string> values)
    {
        if (values is [var first, ..])
        {
            throw ApiErrors.IncludeNotSupported(first.Trim());
        }
    }

    static bool SeparateChannels(string? value) => value?.Trim() switch
    {
        null or "mix" => false,
        "separate" => true,
        var other => throw ApiErrors.UnknownChannels(other),
    };
}
