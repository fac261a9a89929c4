using System.Globalization;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using TranscriptionApi.Settings;

namespace TranscriptionApi.Requests;

/// <summary>Where the server listens, and what one connection may cost.</summary>
static class Listening
{
    /// <summary>
    /// This machine only: without API keys everybody who reaches the port may use it, so opening it to a network is a decision.
    /// </summary>
    const string DefaultUrl = "http://127.0.0.1:8000";

    const int MaxBodyBytes = 64 * 1024;

    public static void AddListening(this WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        string[] choices = ["urls", "http_ports", "https_ports"];
        if (choices.All(choice => string.IsNullOrEmpty(configuration[choice])) && !configuration.GetSection("Kestrel:Endpoints").Exists())
        {
            builder.WebHost.UseUrls(DefaultUrl);
        }

        CheckAddresses(configuration);

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;

            // Routes that take uploads lift this and count for themselves.
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;

            // Slower than any live recording is sent; Kestrel's 240 bytes a second would let one 25 MiB upload hold its connection for a day.
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 1024, gracePeriod: TimeSpan.FromSeconds(10));
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Limits.MaxConcurrentConnections = 1000;
        });
    }

    /// <summary>
    /// Kestrel takes any host it does not understand for "every interface" and any bad port for 80: one mistyped letter would open
    /// the server to the network.
    /// </summary>
    internal static void CheckAddresses(IConfiguration configuration)
    {
        foreach (var url in Entries(configuration["urls"]))
        {
            if (!IsAddress(url))
            {
                throw new InvalidSettingException($"'{url}' is no address to listen on: expected http://, then an IP address, localhost or *, then a port, as in {DefaultUrl}.");
            }
        }

        foreach (var port in Entries(configuration["http_ports"]).Concat(Entries(configuration["https_ports"])))
        {
            if (!ushort.TryParse(port, CultureInfo.InvariantCulture, out _))
            {
                throw new InvalidSettingException($"'{port}' is no port to listen on: expected a number from 0 to 65535.");
            }
        }
    }

    static string[] Entries(string? value) => (value ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    static bool IsAddress(string url)
    {
        if (url.StartsWith("http://unix:/", StringComparison.Ordinal))
        {
            return true;
        }

        const string AnyHost = "any.host";
        var plain = url.Replace("//*", "//" + AnyHost, StringComparison.Ordinal).Replace("//+", "//" + AnyHost, StringComparison.Ordinal);
        return Uri.TryCreate(plain, UriKind.Absolute, out var address)
            && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps)
            && (address.HostNameType is UriHostNameType.IPv4 or UriHostNameType.IPv6 || address.Host is "localhost" or AnyHost);
    }
}
