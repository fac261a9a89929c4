using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace TranscriptionApi.Uploads;

/// <summary>Where the server keeps files.</summary>
/// <remarks>To add a setting: a property with its default and unit here, a rule attribute, a row in README's table.</remarks>
sealed class DataOptions
{
    public const string Section = "Data";

    /// <summary>Folder for uploads in progress; a relative path starts at the working directory.</summary>
    [Required]
    public string Folder { get; init; } = "data";
}

[OptionsValidator]
sealed partial class DataOptionsValidator : IValidateOptions<DataOptions>;
