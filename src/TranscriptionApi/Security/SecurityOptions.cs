using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace TranscriptionApi.Security;

/// <summary>Who may use the server.</summary>
/// <remarks>To add a setting: a property with its default and unit here, a rule attribute, a row in README's table.</remarks>
sealed class SecurityOptions : IValidatableObject
{
    public const string Section = "Security";

    /// <summary>Keys that are accepted as bearer tokens. With none, every key and no key at all is accepted.</summary>
    public IReadOnlyList<string> ApiKeys { get; init; } = [];

    // An empty key is most likely a variable that was forgotten; taking it as "no keys" would leave the server open.
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        ApiKeys.Select((key, index) => (key, index))
            .Where(entry => string.IsNullOrWhiteSpace(entry.key))
            .Select(entry => new ValidationResult($"{Section}:ApiKeys:{entry.index} is empty."));
}

[OptionsValidator]
sealed partial class SecurityOptionsValidator : IValidateOptions<SecurityOptions>;
