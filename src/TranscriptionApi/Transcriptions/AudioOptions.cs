using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace TranscriptionApi.Transcriptions;

/// <summary>Which audio is taken.</summary>
/// <remarks>To add a setting: a property with its default and unit here, a rule attribute, a row in README's table.</remarks>
sealed class AudioOptions
{
    public const string Section = "Audio";

    /// <summary>Longest audio in minutes; an hour takes 230 MB of memory while it is worked on. Channels that are kept apart add up.</summary>
    [Range(1, 24 * 60)]
    public int MaxMinutes { get; init; } = 240;

    /// <summary>The ffmpeg program that reads everything but WAV: a name looked up in PATH, or a full path.</summary>
    [Required]
    public string Ffmpeg { get; init; } = "ffmpeg";
}

[OptionsValidator]
sealed partial class AudioOptionsValidator : IValidateOptions<AudioOptions>;
