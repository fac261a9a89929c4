using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using TranscriptionApi.Outbound;

namespace TranscriptionApi.Webhooks;

/// <summary>How the end of a job is told to a URL.</summary>
/// <remarks>To add a setting: a property with its default and unit here, a rule attribute, a row in README's table.</remarks>
sealed class WebhookOptions : IValidatableObject
{
    public const string Section = "Webhooks";

    /// <summary>What receivers check signatures with: "whsec_" and at least 24 random bytes in base64. Without one nothing is sent.</summary>
    public string? Secret { get; init; }

    /// <summary>Secrets of before: every delivery is signed with these, too, until all receivers know the new one.</summary>
    public IReadOnlyList<string> PreviousSecrets { get; init; } = [];

    /// <summary>Where the end of a background job is told that names no place of its own.</summary>
    public string? Url { get; init; }

    /// <summary>Longest time a receiver may take to answer.</summary>
    [Range(1, 300)]
    public int TimeoutSeconds { get; init; } = 15;

    /// <summary>How long after the end of a job its delivery is tried again.</summary>
    [Range(1, 24 * 30)]
    public int MaxHours { get; init; } = 24;

    public TimeSpan Timeout() => TimeSpan.FromSeconds(TimeoutSeconds);

    public TimeSpan Most() => TimeSpan.FromHours(MaxHours);

    // No message repeats a secret.
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Secret is not null && WebhookSignature.Key(Secret) is null)
        {
            yield return new ValidationResult($"{Section}:{nameof(Secret)} {WebhookSignature.SecretRule}");
        }

        for (var i = 0; i < PreviousSecrets.Count; i++)
        {
            if (WebhookSignature.Key(PreviousSecrets[i]) is null)
            {
                yield return new ValidationResult($"{Section}:{nameof(PreviousSecrets)}:{i} {WebhookSignature.SecretRule}");
            }
        }

        if (Secret is null && (PreviousSecrets.Count > 0 || Url is not null))
        {
            yield return new ValidationResult($"{Section}:{nameof(Secret)} is missing: nothing is sent without a signature.");
        }

        if (Url is not null && OutboundUrl.Fault(Url, out _) is { } fault)
        {
            yield return new ValidationResult($"{Section}:{nameof(Url)} {fault}");
        }
    }
}

[OptionsValidator]
sealed partial class WebhookOptionsValidator : IValidateOptions<WebhookOptions>;
