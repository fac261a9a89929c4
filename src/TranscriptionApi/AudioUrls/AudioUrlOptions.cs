using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace TranscriptionApi.AudioUrls;

/// <summary>Whether and how audio is fetched from a URL instead of being uploaded.</summary>
/// <remarks>To add a setting: a property with its default and unit here, a rule attribute, a row in README's table.</remarks>
sealed class AudioUrlOptions
{
    public const string Section = "AudioUrls";

    /// <summary>The field audio_url is taken.</summary>
    public bool Enabled { get; init; }

    /// <summary>Longest time for the whole file, redirects included.</summary>
    [Range(1, 3600)]
    public int TimeoutSeconds { get; init; } = 60;

    public TimeSpan Timeout() => TimeSpan.FromSeconds(TimeoutSeconds);
}

[OptionsValidator]
sealed partial class AudioUrlOptionsValidator : IValidateOptions<AudioUrlOptions>;
