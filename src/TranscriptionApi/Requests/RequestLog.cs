using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace TranscriptionApi.Requests;

static class RequestLogStart
{
    public static void AddRequestLog(this WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();
        builder.Logging.AddConsole();
        builder.Services.AddSingleton<RequestLog>();
    }

    public static void UseRequestLog(this WebApplication app) =>
        app.Use(app.Services.GetRequiredService<RequestLog>().InvokeAsync);
}

/// <summary>Gives every request its id and OpenAI's response headers, and writes its one log line.</summary>
sealed partial class RequestLog(ILogger<RequestLog> logger)
{
    public async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        var facts = new RequestFacts();
        http.Features.Set(facts);
        var started = Stopwatch.GetTimestamp();

        // On starting, because the exception handler clears what was set before it.
        http.Response.OnStarting(() =>
        {
            SetHeaders(http.Response.Headers, facts, Stopwatch.GetElapsedTime(started));
            return Task.CompletedTask;
        });

        try
        {
            await next(http);
        }
        finally
        {
            Write(http, facts, Stopwatch.GetElapsedTime(started));
        }
    }

    static void SetHeaders(IHeaderDictionary headers, RequestFacts facts, TimeSpan elapsed)
    {
        headers["x-request-id"] = facts.Id;
        if (facts.Transcription is { } transcription)
        {
            headers["x-transcription-id"] = transcription;
        }

        headers["openai-processing-ms"] = ((long)elapsed.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        headers["openai-version"] = "2020-10-01";
        headers.XContentTypeOptions = "nosniff";
        if (StringValues.IsNullOrEmpty(headers.CacheControl))
        {
            headers.CacheControl = "no-store";
        }
    }

    void Write(HttpContext http, RequestFacts facts, TimeSpan elapsed)
    {
        // The route's pattern, not the path: a path can hold anything.
        var endpoint = http.GetEndpoint() ?? http.Features.Get<IExceptionHandlerFeature>()?.Endpoint;
        var route = (endpoint as RouteEndpoint)?.RoutePattern.RawText ?? "(none)";
        var status = http.Response.StatusCode;
        Describe(http.Features.Get<IHttpActivityFeature>()?.Activity, http.Request.Method, route, status);
        if (facts.Model is null)
        {
            LogRequest(facts.Id, http.Request.Method, route, status, Seconds(elapsed));
        }
        else
        {
            var factor = facts.Audio > TimeSpan.Zero ? Math.Round(facts.Work / facts.Audio, 3) : 0;
            LogTranscription(facts.Id, http.Request.Method, route, status, Seconds(elapsed), facts.Model, Seconds(facts.Audio), Seconds(facts.Work), factor);
        }
    }

    // The framework's span of a request says nothing by itself; its own attributes would have the path and the query.
    static void Describe(Activity? span, string method, string route, int status)
    {
        if (span is not { IsAllDataRequested: true })
        {
            return;
        }

        span.DisplayName = $"{method} {route}";
        span.SetTag("http.request.method", method).SetTag("http.route", route).SetTag("http.response.status_code", status);
        if (status >= 500)
        {
            span.SetStatus(ActivityStatusCode.Error);
        }
    }

    static double Seconds(TimeSpan span) => Math.Round(span.TotalSeconds, 3);

    [LoggerMessage(LogLevel.Information, "{RequestId} {Method} {Route} {Status} in {Seconds} s")]
    partial void LogRequest(string requestId, string method, string route, int status, double seconds);

    [LoggerMessage(LogLevel.Information, "{RequestId} {Method} {Route} {Status} in {Seconds} s, model {Model}, audio {AudioSeconds} s, work {WorkSeconds} s, real-time factor {RealTimeFactor}")]
    partial void LogTranscription(
        string requestId, string method, string route, int status, double seconds, string model, double audioSeconds, double workSeconds, double realTimeFactor);
}
