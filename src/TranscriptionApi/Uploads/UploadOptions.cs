using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace TranscriptionApi.Uploads;

/// <summary>How much a client may send.</summary>
/// <remarks>To add a setting: a property with its default and unit here, a rule attribute, a row in README's table.</remarks>
sealed class UploadOptions
{
    public const string Section = "Uploads";

    /// <summary>Largest request body in MiB (1,048,576 bytes). OpenAI takes 25.</summary>
    [Range(1, 1024 * 1024)]
    public int MaxMegabytes { get; init; } = 25;

    public long MaxBytes() => MaxMegabytes * 1024L * 1024L;
}

[OptionsValidator]
sealed partial class UploadOptionsValidator : IValidateOptions<UploadOptions>;
