using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace TranscriptionApi.Webhooks;

/// <summary>Signs deliveries as the Standard Webhooks specification says, so that OpenAI's clients can check them with <c>webhooks.unwrap</c>.</summary>
sealed class WebhookSignature
{
    public const string SecretRule = "must be \"whsec_\" and at least 24 random bytes in base64, such as \"whsec_$(openssl rand -base64 32)\".";
    const string Prefix = "whsec_";
    const int LeastBytes = 24;

    readonly byte[][] _keys;

    /// <param name="secrets">The current secret first.</param>
    public WebhookSignature(IEnumerable<string> secrets) =>
        _keys = [.. secrets.Select(secret => Key(secret) ?? throw new ArgumentException($"A secret {SecretRule}", nameof(secrets)))];

    /// <summary>The key a secret stands for; null when it is none.</summary>
    public static byte[]? Key(string? secret)
    {
        if (secret is null || !secret.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return null;
        }

        var key = new byte[secret.Length];
        return Convert.TryFromBase64Chars(secret.AsSpan(Prefix.Length), key, out var length) && length >= LeastBytes ? key[..length] : null;
    }

    /// <summary>Value of the header webhook-signature: one signature per secret, separated by spaces.</summary>
    /// <param name="id">Value of webhook-id.</param>
    /// <param name="timestamp">Value of webhook-timestamp, in seconds since 1970.</param>
    /// <param name="body">The body, byte for byte.</param>
    public string Sign(string id, long timestamp, ReadOnlySpan<byte> body)
    {
        byte[] content = [.. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp}.")), .. body];
        return string.Join(' ', _keys.Select(key => $"v1,{Convert.ToBase64String(HMACSHA256.HashData(key, content))}"));
    }
}
