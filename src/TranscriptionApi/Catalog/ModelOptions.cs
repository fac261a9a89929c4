using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace TranscriptionApi.Catalog;

/// <summary>Where models are found, which one answers to OpenAI's names, and where they are pulled from.</summary>
/// <remarks>To add a setting: a property with its default here, a rule attribute, a row in the table of models/README.md.</remarks>
sealed class ModelOptions : IValidatableObject
{
    public const string Section = "Models";

    /// <summary>Read-only folder with the models that came with the program; a relative path counts from the program's own folder.</summary>
    [Required]
    public string Folder { get; init; } = "models";

    /// <summary>Name or alias of the model that OpenAI's names (whisper-1 and the like) stand for.</summary>
    [Required]
    public string Default { get; init; } = "demo";

    /// <summary>Address that "models pull" appends the file name to; a mirror with the same file names works too.</summary>
    [Required]
    public string DownloadBase { get; init; } = "https://huggingface.co/ggerganov/whisper.cpp/resolve/main";

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (ModelCatalog.OpenAiNames.Contains(Default, StringComparer.OrdinalIgnoreCase))
        {
            yield return new ValidationResult(
                $"{Section}:{nameof(Default)} is '{Default}', which itself stands for the default model; name a model such as 'demo' or 'base.en'.",
                [nameof(Default)]);
        }

        if (!Uri.TryCreate(DownloadBase, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            yield return new ValidationResult(
                $"{Section}:{nameof(DownloadBase)} is '{DownloadBase}'; it must be an http or https address.",
                [nameof(DownloadBase)]);
        }
    }
}

[OptionsValidator]
sealed partial class ModelOptionsValidator : IValidateOptions<ModelOptions>;
