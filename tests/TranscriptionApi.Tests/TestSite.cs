using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace TranscriptionApi.Tests;

/// <summary>A web server on this machine that answers as a test wants and remembers who asked.</summary>
sealed class TestSite : IAsyncDisposable
{
    readonly WebApplication _app;

    TestSite(string listen, RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(listen);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureHttpsDefaults(https => https.ServerCertificate = SelfSigned()));
        _app = builder.Build();
        _app.Run(http =>
        {
            Requests.Enqueue((http.Connection.LocalIpAddress!.ToString(), http.Request.Host.Value!, http.Request.Path + http.Request.QueryString));
            return answer(http);
        });
    }

    /// <summary>Address asked at, host asked for and path of every request so far.</summary>
    public ConcurrentQueue<(string At, string Host, string Path)> Requests { get; } = [];

    /// <summary>Where it listens, with a path.</summary>
    public Uri At(string path) => new(new Uri(_app.Urls.First()), path);

    public int Port => At("/").Port;

    public static async Task<TestSite> StartAsync(RequestDelegate answer, string listen = "http://127.0.0.1:0")
    {
        var site = new TestSite(listen, answer);
        await site._app.StartAsync(TestContext.Current.CancellationToken);
        return site;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    static X509Certificate2 SelfSigned()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}
