using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using SpeechEngine;
using SpeechEngine.Audio;

namespace TranscriptionApi.Transcriptions;

/// <summary>POST /v1/audio/transcriptions and /v1/audio/translations.</summary>
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
        builder.Services.AddSingleton<TranscriptionCall>();
    }

    public static void MapTranscriptions(this WebApplication app)
    {
        // The form counts the body itself and refuses it in OpenAI's words; Kestrel's own limit would come first and say nothing.
        var uploads = app.MapGroup("/v1/audio").WithMetadata(new DisableRequestSizeLimitAttribute());

        uploads.MapPost("/transcriptions", (HttpContext http, TranscriptionCall call) => call.AnswerAsync(http, SpeechTask.Transcribe));
        uploads.MapPost("/translations", (HttpContext http, TranscriptionCall call) => call.AnswerAsync(http, SpeechTask.Translate));
    }
}
