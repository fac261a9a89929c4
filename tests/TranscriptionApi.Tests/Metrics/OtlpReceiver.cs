using System.Collections.Concurrent;
using System.Net;
using System.Text;

namespace TranscriptionApi.Tests.Metrics;

/// <summary>A collector that speaks OTLP over HTTP, as far as taking everything goes.</summary>
sealed class OtlpReceiver : IDisposable
{
    readonly HttpListener _listener = new();

    public OtlpReceiver()
    {
        Address = $"http://127.0.0.1:{FreePort.Find()}";
        _listener.Prefixes.Add(Address + "/");
        _listener.Start();
        new Thread(Listen) { IsBackground = true }.Start();
    }

    public string Address { get; }

    public ConcurrentQueue<(string Path, string? Authorization, string Body)> Received { get; } = new();

    /// <summary>The requests to this path that held the first word held the others, too, all together; protobuf writes text as it is.</summary>
    public bool Has(string path, params string[] words)
    {
        var bodies = Received.Where(request => request.Path == path).Select(request => request.Body).Where(body => body.Contains(words[0], StringComparison.Ordinal)).ToList();
        return words.All(word => bodies.Exists(body => body.Contains(word, StringComparison.Ordinal)));
    }

    public void Dispose() => _listener.Close();

    // On a thread of its own: tests that run beside it may keep all others busy.
    void Listen()
    {
        try
        {
            while (true)
            {
                var http = _listener.GetContext();
                using var body = new MemoryStream();
                http.Request.InputStream.CopyTo(body);
                Received.Enqueue((http.Request.Url!.AbsolutePath, http.Request.Headers["Authorization"], Encoding.Latin1.GetString(body.ToArray())));
                http.Response.ContentType = "application/x-protobuf";
                http.Response.Close();
            }
        }
        catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
        {
            // Closed.
        }
    }
}
