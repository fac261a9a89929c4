using Microsoft.AspNetCore.Server.Kestrel.Core;

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
}
