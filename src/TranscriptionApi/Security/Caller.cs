using Microsoft.AspNetCore.Http.Features;

namespace TranscriptionApi.Security;

/// <summary>Who asks, by a name that may be stored and compared: of a key it tells nothing.</summary>
sealed record Caller(string Name)
{
    /// <summary>Everybody, where no keys are configured.</summary>
    public static Caller Anonymous { get; } = new("anonymous");

    /// <param name="digest">SHA-256 of the key.</param>
    public static Caller OfKey(ReadOnlySpan<byte> digest) => new("key_" + Convert.ToHexStringLower(digest[..8]));

    public static Caller Of(HttpContext http) => http.Features.GetRequiredFeature<Caller>();
}
