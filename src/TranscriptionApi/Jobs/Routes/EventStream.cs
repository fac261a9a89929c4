using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using SpeechEngine;
using TranscriptionApi.Transcriptions.Formats;

namespace TranscriptionApi.Jobs.Routes;

/// <summary>The wire: lines of data, comments that keep the connection, and a closing line.</summary>
sealed class EventStream(HttpResponse response, int next)
{
    /// <summary>Number of the event of the first segment.</summary>
    public const int FirstSegment = 2;

    long _flushed = Environment.TickCount64;
    bool _isFresh;

    /// <summary>The reader does not know this event yet. Events are written in the order of their numbers.</summary>
    public bool Wants(int number) => number >= next;

    public Task StartAsync(CancellationToken cancellation)
    {
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers["X-Accel-Buffering"] = "no";
        response.HttpContext.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
        return response.Body.FlushAsync(cancellation);
    }

    public Task WriteAsync(string type, int number, string job, CancellationToken cancellation) =>
        WriteDataAsync(number, $$"""{"type":"{{type}}","sequence_number":{{number}},"transcription":{{job}}}""", cancellation);

    public Task WriteAsync(Segment segment, int index, CancellationToken cancellation)
    {
        var number = FirstSegment + index;
        return Wants(number) ? WriteDataAsync(number, JsonSerializer.Serialize(SegmentEvent.Of(segment, index, number), ApiJson.Wire.SegmentEvent), cancellation) : Task.CompletedTask;
    }

    /// <summary>Sends what was written; after a silence a comment, so that nobody in between takes the connection for dead.</summary>
    public async Task FlushAsync(TimeSpan keepAlive, CancellationToken cancellation)
    {
        if (!_isFresh && Environment.TickCount64 - _flushed >= keepAlive.TotalMilliseconds)
        {
            await response.WriteAsync(": keep-alive\n\n", cancellation);
            _isFresh = true;
        }

        if (_isFresh)
        {
            await response.Body.FlushAsync(cancellation);
            _flushed = Environment.TickCount64;
            _isFresh = false;
        }
    }

    public async Task CloseAsync(CancellationToken cancellation)
    {
        await response.WriteAsync("data: [DONE]\n\n", cancellation);
        await response.Body.FlushAsync(cancellation);
    }

    async Task WriteDataAsync(int number, string json, CancellationToken cancellation)
    {
        next = number + 1;
        _isFresh = true;
        await response.WriteAsync($"data: {json}\n\n", cancellation);
    }
}

/// <summary>One segment. Its id counts from 0, as in verbose_json.</summary>
sealed record SegmentEvent(string Type, int SequenceNumber, string Id, double Start, double End, string Text)
{
    public static SegmentEvent Of(Segment segment, int index, int number) => new(
        "transcript.text.segment", number, $"seg_{index}", VerboseJsonFormat.Seconds(segment.Start), VerboseJsonFormat.Seconds(segment.End), segment.Text);
}
