using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;

namespace TranscriptionApi.Tests.Webhooks;

/// <summary>What came with one attempt.</summary>
sealed record Received(string Id, string Timestamp, string Signature, string ContentType, string Body);

/// <summary>Receives webhooks and answers as a test wants.</summary>
sealed class Receiver : IAsyncDisposable
{
    TestSite? _site;
    int _open;

    /// <summary>Answers of the next attempts; 0 breaks the connection. When there are none left it is <see cref="Usual"/>.</summary>
    public ConcurrentQueue<int> Answers { get; } = [];

    public int Usual { get; set; } = 200;

    public string? Location { get; set; }

    /// <summary>Keeps every attempt waiting until it is set.</summary>
    public TaskCompletionSource? Gate { get; set; }

    public ConcurrentQueue<Received> Attempts { get; } = [];

    /// <summary>Attempts that wait for their answer.</summary>
    public int Open => Volatile.Read(ref _open);

    public string Url => _site!.At("/hook?key=CANARY").AbsoluteUri;

    public static async Task<Receiver> StartAsync(string listen = "http://127.0.0.1:0")
    {
        var receiver = new Receiver();
        receiver._site = await TestSite.StartAsync(receiver.AnswerAsync, listen);
        return receiver;
    }

    public ValueTask DisposeAsync() => _site!.DisposeAsync();

    async Task AnswerAsync(HttpContext http)
    {
        using var body = new StreamReader(http.Request.Body);
        var headers = http.Request.Headers;
        Interlocked.Increment(ref _open);
        Attempts.Enqueue(new Received(
            headers["webhook-id"].ToString(),
            headers["webhook-timestamp"].ToString(),
            headers["webhook-signature"].ToString(),
            http.Request.ContentType!,
            await body.ReadToEndAsync(http.RequestAborted)));
        try
        {
            await (Gate?.Task.WaitAsync(http.RequestAborted) ?? Task.CompletedTask);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }

        var status = Answers.TryDequeue(out var next) ? next : Usual;
        if (status == 0)
        {
            http.Abort();
            return;
        }

        http.Response.StatusCode = status;
        http.Response.Headers.Location = Location;
    }
}
