using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace TranscriptionApi.Tests.Catalog;

/// <summary>A download site on this machine that serves one file, as badly as a test wants.</summary>
sealed class ModelMirror : IAsyncDisposable
{
    readonly WebApplication _app;

    ModelMirror(byte[] content)
    {
        Content = content;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    public byte[] Content { get; set; }

    public string? ETag { get; set; } = "\"first\"";

    public bool HonoursRange { get; set; } = true;

    public bool HonoursIfRange { get; set; } = true;

    /// <summary>Answers with this status as often as it is listed, then normally.</summary>
    public Queue<int> Refusals { get; } = [];

    /// <summary>Cuts the connection after so many bytes of the next answers.</summary>
    public Queue<int> Cuts { get; } = [];

    /// <summary>Falls silent after so many bytes of the next answers, without closing.</summary>
    public Queue<int> Stalls { get; } = [];

    /// <summary>Sends without stating a length and never stops.</summary>
    public bool IsEndless { get; set; }

    /// <summary>The range and the if-range header of every request so far.</summary>
    public List<(string Range, string IfRange)> Requests { get; } = [];

    public Uri Address => new(new Uri(_app.Urls.First()), "ggml-test.bin");

    public static async Task<ModelMirror> StartAsync(byte[] content)
    {
        var mirror = new ModelMirror(content);
        await mirror._app.StartAsync();
        return mirror;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    async Task AnswerAsync(HttpContext http)
    {
        var (request, response) = (http.Request, http.Response);
        var (range, ifRange) = (request.Headers.Range.ToString(), request.Headers.IfRange.ToString());
        Requests.Add((range, ifRange));
        if (Refusals.TryDequeue(out var status))
        {
            response.StatusCode = status;
            return;
        }

        response.Headers.ETag = ETag;
        var start = 0;
        if (HonoursRange && range.Length > 0 && (ifRange.Length == 0 || ifRange == ETag || !HonoursIfRange))
        {
            start = int.Parse(range["bytes=".Length..^1]);
            if (start >= Content.Length)
            {
                response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
                response.Headers.ContentRange = $"bytes */{Content.Length}";
                return;
            }

            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = $"bytes {start}-{Content.Length - 1}/{Content.Length}";
        }

        if (IsEndless)
        {
            while (!http.RequestAborted.IsCancellationRequested)
            {
                await response.Body.WriteAsync(Content, http.RequestAborted);
            }
        }

        response.ContentLength = Content.Length - start;
        var isCut = Cuts.TryDequeue(out var sent);
        var isStalled = !isCut && Stalls.TryDequeue(out sent);
        await response.Body.WriteAsync(isCut || isStalled ? Content.AsMemory(start, sent) : Content.AsMemory(start), http.RequestAborted);
        // A cut needs nothing more: Kestrel closes a connection whose answer ends before its stated length.
        if (isStalled)
        {
            await response.Body.FlushAsync(http.RequestAborted);
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        }
    }
}
