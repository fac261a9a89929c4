using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using TranscriptionApi.Errors;
using TranscriptionApi.Outbound;

namespace TranscriptionApi.Webhooks;

static class WebhooksStart
{
    public static void AddWebhooks(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<WebhookOptions, WebhookOptionsValidator>().BindConfiguration(WebhookOptions.Section);
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(RetrySchedule.Default);
        builder.Services.AddSingleton<WebhookUrls>();
        builder.Services.AddSingleton<WebhookPost>();
        builder.Services.AddSingleton<DeliveryLog>();
        builder.Services.AddHostedService<WebhookSender>();
    }
}

/// <summary>Where the end of a job is told: where the field webhook_url says, or else where the settings say.</summary>
sealed class WebhookUrls(IOptions<WebhookOptions> options)
{
    public const string Field = "webhook_url";

    /// <summary>The place to be stored with a job, in one spelling; null when nobody is to be told.</summary>
    /// <param name="text">The field; null when it is absent.</param>
    /// <param name="isBackground">Nobody waits on the line. Whoever does hears the end there.</param>
    /// <exception cref="ApiException">The field is not taken here or now, or holds no URL that can be posted to.</exception>
    public string? Read(string? text, bool isBackground)
    {
        if (text is null)
        {
            return isBackground && options.Value.Url is { } usual ? Spell(usual) : null;
        }

        if (options.Value.Secret is null)
        {
            throw ApiErrors.WebhooksOff();
        }

        if (!isBackground)
        {
            throw ApiErrors.WebhookWithoutBackground();
        }

        return OutboundUrl.Fault(text, out _) is { } fault ? throw ApiErrors.InvalidUrl(Field, fault) : Spell(text);
    }

    static string Spell(string url) => new Uri(url.Trim()).AbsoluteUri;
}
