using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace TranscriptionApi.Uploads;

/// <summary>Where the server keeps files.</summary>
/// <remarks>To add a setting: a property with its default and unit here, a rule attribute, a row in README's table.</remarks>
sealed class DataOptions
{
    public const string Section = "Data";

    /// <summary>Folder for jobs, uploads and models; a relative path starts at the working directory.</summary>
    [Required]
    public string Folder { get; init; } = "data";

    /// <summary>Below so many MiB of free space, new work is refused.</summary>
    [Range(0, 1_000_000)]
    public int MinFreeMegabytes { get; init; } = 256;

    /// <summary>MiB set aside for storing results on a full disk; 0 sets nothing aside.</summary>
    [Range(0, 10_000)]
    public int ReserveMegabytes { get; init; } = 16;
}

[OptionsValidator]
sealed partial class DataOptionsValidator : IValidateOptions<DataOptions>;
