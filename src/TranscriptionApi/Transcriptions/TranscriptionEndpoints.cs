using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using SpeechEngine;
using SpeechEngine.Audio;
using TranscriptionApi.Errors;
using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Work;
using TranscriptionApi.Requests;

namespace TranscriptionApi.Transcriptions;

/// <summary>POST /v1/audio/transcriptions and /v1/audio/translations: read the form, transcribe, write the format asked for.</summary>
static class TranscriptionEndpoints
{
    public static void AddTranscriptions(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<AudioOptions, AudioOptionsValidator>().BindConfiguration(AudioOptions.Section);
        builder.Services.AddSingleton(services =>
        {
            var options = services.GetRequiredService<IOptions<AudioOptions>>().Value;
            return new AudioDecoder(new AudioDecoderSettings { MaxDuration = TimeSpan.FromMinutes(options.MaxMinutes), Ffmpeg = options.Ffmpeg });
        });
        builder.Services.AddSingleton<DecodeAudio>(services => services.GetRequiredService<AudioDecoder>().Decode);
        builder.Services.AddSingleton<DecodeChannels>(services => services.GetRequiredService<AudioDecoder>().DecodeChannels);
        builder.Services.AddSingleton<TranscriptionForm>();
        builder.Services.AddSingleton<WaitingCall>();
    }

    public static void MapTranscriptions(this WebApplication app)
    {
        // The form counts the body itself and refuses it in OpenAI's words; Kestrel's own limit would come first and say nothing.
        var uploads = app.MapGroup("/v1/audio").WithMetadata(new DisableRequestSizeLimitAttribute());

        uploads.MapPost("/transcriptions", (HttpContext http, TranscriptionForm form, WaitingCall call) =>
            HandleAsync(http, SpeechTask.Transcribe, form, call));
        uploads.MapPost("/translations", (HttpContext http, TranscriptionForm form, WaitingCall call) =>
            HandleAsync(http, SpeechTask.Translate, form, call));
    }

    static async Task<IResult> HandleAsync(HttpContext http, SpeechTask task, TranscriptionForm form, WaitingCall call)
    {
        var facts = RequestFacts.Of(http);

        // A server that is done with its jobs gives up uploads at once instead of holding up the shutdown.
        var drain = http.RequestServices.GetRequiredService<Drain>();
        if (drain.IsDraining)
        {
            throw ApiErrors.ShuttingDown();
        }

        http.RequestServices.GetRequiredService<DiskSpace>().Check();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, drain.Over);
        using var request = await form.ReadAsync(http.Request, task, stop.Token);
        facts.Model = request.Model.Id;

        var transcript = await call.TranscribeAsync(request, stop.Token);
        facts.Audio = transcript.Duration;
        facts.Work = transcript.Work;

        return Results.Text(request.Format.Write(transcript, request.Layout), request.Format.ContentType);
    }
}
