using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.Extensions.Options;

namespace TranscriptionApi.Outbound;

/// <summary>Where the server may connect to when a client names the place: audio files and webhooks.</summary>
/// <remarks>To add a setting: a property with its default and unit here, a rule attribute, a row in README's table.</remarks>
sealed class OutboundOptions : IValidatableObject
{
    public const string Section = "Outbound";

    /// <summary>Also this machine and private networks; never the link-local addresses at which clouds hand out their keys.</summary>
    public bool AllowPrivateAddresses { get; init; }

    /// <summary>Networks that are allowed whatever they are, such as 10.1.0.0/16 or fd00:1::/64.</summary>
    public IReadOnlyList<string> AllowedNetworks { get; init; } = [];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        AllowedNetworks.Select((network, index) => (network, index))
            .Where(entry => !IsNetwork(entry.network))
            .Select(entry => new ValidationResult(
                $"{Section}:{nameof(AllowedNetworks)}:{entry.index} is '{entry.network}', which is no network such as 10.1.0.0/16 (the bits after the prefix must be 0)."));

    // 10.1.2.3/16 would be taken for the whole of 10.1.0.0/16, which hardly anybody means who writes it.
    static bool IsNetwork(string? text) =>
        IPNetwork.TryParse(text?.Trim(), out var network) && IPAddress.Parse(text!.Trim().Split('/')[0]).Equals(network.BaseAddress);

    public AddressRules Rules() => new(AllowPrivateAddresses, AllowedNetworks.Select(network => IPNetwork.Parse(network.Trim())));
}

[OptionsValidator]
sealed partial class OutboundOptionsValidator : IValidateOptions<OutboundOptions>;
