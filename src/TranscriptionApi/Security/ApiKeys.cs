using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using TranscriptionApi.Errors;

namespace TranscriptionApi.Security;

/// <summary>Marks an endpoint that needs no API key. Every other endpoint does.</summary>
sealed class OpenToAll
{
    public static OpenToAll Instance { get; } = new();
}

static class ApiKeysStart
{
    public static void AddApiKeys(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<SecurityOptions, SecurityOptionsValidator>().BindConfiguration(SecurityOptions.Section);
        builder.Services.AddSingleton<ApiKeys>();
    }

    public static void UseApiKeys(this WebApplication app)
    {
        var keys = app.Services.GetRequiredService<ApiKeys>();
        app.Use((http, next) =>
        {
            if (http.GetEndpoint() is { } endpoint && endpoint.Metadata.GetMetadata<OpenToAll>() is null)
            {
                http.Features.Set(keys.Check(http.Request));
            }

            return next(http);
        });
    }
}

/// <summary>The keys of the configuration, kept and compared as SHA-256 digests so that the time taken tells nothing about them.</summary>
sealed class ApiKeys(IOptions<SecurityOptions> options)
{
    const string Scheme = "Bearer ";

    readonly byte[][] _digests = [.. options.Value.ApiKeys.Select(Digest)];

    /// <summary>Who asks.</summary>
    /// <exception cref="ApiException">Keys are asked for, and there is none or a wrong one.</exception>
    public Caller Check(HttpRequest request)
    {
        if (_digests.Length == 0)
        {
            return Caller.Anonymous;
        }

        var header = request.Headers.Authorization.ToString();
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || header.AsSpan(Scheme.Length).IsWhiteSpace())
        {
            throw ApiErrors.MissingKey();
        }

        var key = header[Scheme.Length..].Trim();
        var digest = Digest(key);
        return IsKnown(digest) ? Caller.OfKey(digest) : throw ApiErrors.WrongKey(key);
    }

    // Compares with every key, also after a match.
    bool IsKnown(byte[] digest)
    {
        var known = false;
        foreach (var candidate in _digests)
        {
            known |= CryptographicOperations.FixedTimeEquals(candidate, digest);
        }

        return known;
    }

    static byte[] Digest(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
