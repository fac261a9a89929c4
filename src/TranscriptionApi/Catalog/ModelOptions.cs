using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace TranscriptionApi.Catalog;

/// <summary>Which models are served.</summary>
/// <remarks>To add a setting: a property with its default and unit here, a rule attribute, a row in README's table.</remarks>
sealed class ModelOptions
{
    public const string Section = "Models";

    /// <summary>Folder with the model files; a relative path starts at the working directory.</summary>
    [Required]
    public string Folder { get; init; } = "models";

    /// <summary>Name of the model that is loaded at start.</summary>
    [Required]
    public string Default { get; init; } = "demo";
}

[OptionsValidator]
sealed partial class ModelOptionsValidator : IValidateOptions<ModelOptions>;
