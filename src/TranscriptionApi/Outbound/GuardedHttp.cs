using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace TranscriptionApi.Outbound;

static class OutboundStart
{
    public static void AddOutbound(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<OutboundOptions, OutboundOptionsValidator>().BindConfiguration(OutboundOptions.Section);
        builder.Services.AddSingleton(services => services.GetRequiredService<IOptions<OutboundOptions>>().Value.Rules());
        builder.Services.AddSingleton<ResolveHost>(Dns.GetHostAddressesAsync);
        builder.Services.AddSingleton<GuardedHttp>();
    }
}

/// <summary>The addresses of a host; tests put their own here.</summary>
delegate Task<IPAddress[]> ResolveHost(string host, CancellationToken cancellation);

/// <summary>No address of a host may be connected to. Which ones it has is not told.</summary>
sealed class AddressRefusedException() : Exception("The address is not one that this server may connect to.");

/// <summary>
/// HTTP to places that clients name. The address is judged when it is connected to, and exactly that one is connected to: a name that
/// leads elsewhere a moment later has no gap to slip through. Redirects come back as answers, so each hop is judged anew by whoever follows it.
/// </summary>
sealed class GuardedHttp : IDisposable
{
    const int MostAddresses = 8;

    // One dead address must leave time for the next.
    static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(12);
    static readonly TimeSpan AddressTime = TimeSpan.FromSeconds(4);

    readonly AddressRules _rules;
    readonly ResolveHost _resolve;
    readonly HttpClient _http;

    public GuardedHttp(AddressRules rules, ResolveHost resolve)
    {
        _rules = rules;
        _resolve = resolve;

        // A proxy would do the connecting, and the trace of a request here is nobody's business there.
        _http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = ConnectAsync,
            ConnectTimeout = ConnectTime,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            MaxResponseDrainSize = 4096,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("TranscriptionApi");
    }

    /// <summary>Sends a request and returns with the headers of the answer; time limits are the caller's.</summary>
    /// <exception cref="AddressRefusedException">The host has no address that is allowed.</exception>
    /// <exception cref="HttpRequestException">The host cannot be found, reached or understood.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        if (request.RequestUri is not { } url || OutboundUrl.Fault(url) is not null)
        {
            throw new ArgumentException("The URL was not checked.", nameof(request));
        }

        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        }
        catch (HttpRequestException error) when (error.InnerException is AddressRefusedException refused)
        {
            throw refused;
        }
    }

    public void Dispose() => _http.Dispose();

    async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var found = IPAddress.TryParse(host, out var literal) ? [literal] : await _resolve(host, cancellation);
        if (found.Length == 0)
        {
            throw new SocketException((int)SocketError.HostNotFound);
        }

        var addresses = found.Where(_rules.Allows).Take(MostAddresses).ToArray();
        Exception failure = new AddressRefusedException();
        foreach (var address in addresses)
        {
            try
            {
                return await ConnectAsync(new IPEndPoint(address, port), cancellation);
            }
            catch (Exception error) when (error is SocketException or OperationCanceledException && !cancellation.IsCancellationRequested)
            {
                failure = error is SocketException ? error : new SocketException((int)SocketError.TimedOut);
            }
        }

        throw failure;
    }

    static async Task<Stream> ConnectAsync(IPEndPoint target, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(AddressTime);
        var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(target, patience.Token);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
