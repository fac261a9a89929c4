using System.Globalization;
using Microsoft.AspNetCore.Diagnostics;
using SpeechEngine.Audio;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Requests;

namespace TranscriptionApi.Errors;

static class ApiErrorsStart
{
    public static void AddApiErrors(this WebApplicationBuilder builder) =>
        builder.Services.AddExceptionHandler<ApiExceptionHandler>();

    public static void UseApiErrors(this WebApplication app)
    {
        app.UseExceptionHandler(_ => { });

        // What routing refuses has a status but no body.
        app.UseStatusCodePages(context => ApiExceptionHandler.WriteAsync(context.HttpContext, ApiExceptionHandler.FromStatus(context.HttpContext)));
    }
}

/// <summary>The one place where an exception becomes an answer. A client that hung up never comes here.</summary>
sealed partial class ApiExceptionHandler(IHostApplicationLifetime lifetime, ILogger<ApiExceptionHandler> logger) : IExceptionHandler
{
    const long OutageSilenceMs = 30_000;

    // Long ago, so that the first one is told.
    long _outageLogged = -OutageSilenceMs;

    public async ValueTask<bool> TryHandleAsync(HttpContext http, Exception exception, CancellationToken cancellationToken)
    {
        await WriteAsync(http, Describe(http, exception));
        return true;
    }

    public static async Task WriteAsync(HttpContext http, ApiException error)
    {
        http.Response.StatusCode = error.Status;
        if (error.RetryAfter is { } wait)
        {
            http.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }

        if (error.Status == StatusCodes.Status401Unauthorized)
        {
            http.Response.Headers.WWWAuthenticate = "Bearer";
        }

        await http.Response.WriteAsJsonAsync(error.ToBody(), ApiJson.Wire.ErrorBody, "application/json", CancellationToken.None);
    }

    public static ApiException FromStatus(HttpContext http) => http.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => ApiErrors.UnknownUrl(http.Request.Method, http.Request.Path),
        StatusCodes.Status405MethodNotAllowed => ApiErrors.WrongMethod(http.Request.Method, http.Request.Path),
        var status => ApiErrors.ByStatus(status),
    };

    ApiException Describe(HttpContext http, Exception exception)
    {
        var id = RequestFacts.Of(http).Id;
        switch (exception)
        {
            case ApiException error:
                if (error.Status >= 500 && error.InnerException is { } cause)
                {
                    LogUnexpected(cause, id);
                }

                return error;

            case InvalidAudioException error:
                if (error.Fault == AudioFault.DecoderMissing)
                {
                    LogDecoderMissing(id);
                }

                return ApiErrors.BadAudio(error);

            // Kestrel's own refusals: too slow, too large, a broken chunk.
            case BadHttpRequestException error:
                return ApiErrors.ByStatus(error.StatusCode);

            case OperationCanceledException when lifetime.ApplicationStopping.IsCancellationRequested:
                return ApiErrors.ShuttingDown();

            case var outage when JobStoreErrors.IsOutage(outage):
                LogOutageOnce(outage);
                return ApiErrors.JobsAway();

            default:
                LogUnexpected(exception, id);
                return ApiErrors.Unexpected(id);
        }
    }

    // One line for an outage, however many requests meet it.
    void LogOutageOnce(Exception outage)
    {
        var now = Environment.TickCount64;
        var last = Interlocked.Read(ref _outageLogged);
        if (now - last >= OutageSilenceMs && Interlocked.CompareExchange(ref _outageLogged, now, last) == last)
        {
            LogOutage(outage.Message);
        }
    }

    [LoggerMessage(LogLevel.Error, "The job database is away; requests for jobs are answered 503 meanwhile. {Reason}")]
    partial void LogOutage(string reason);

    [LoggerMessage(LogLevel.Error, "Request {RequestId} failed.")]
    partial void LogUnexpected(Exception exception, string requestId);

    [LoggerMessage(LogLevel.Warning, "Request {RequestId} was refused: its audio needs the ffmpeg program, which was not found (setting Audio:Ffmpeg).")]
    partial void LogDecoderMissing(string requestId);
}
