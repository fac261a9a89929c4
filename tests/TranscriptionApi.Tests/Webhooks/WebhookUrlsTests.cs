using Microsoft.Extensions.Options;
using TranscriptionApi.Errors;
using TranscriptionApi.Webhooks;

namespace TranscriptionApi.Tests.Webhooks;

public sealed class WebhookUrlsTests
{
    static readonly WebhookUrls Off = new(Options.Create(new WebhookOptions()));
    static readonly WebhookUrls On = new(Options.Create(new WebhookOptions { Secret = WebhookService.Secret }));
    static readonly WebhookUrls Usual = new(Options.Create(new WebhookOptions { Secret = WebhookService.Secret, Url = "https://Usual.example" }));

    [Fact]
    public void Field_comes_before_the_setting_and_both_are_for_background_jobs()
    {
        Assert.Null(Off.Read(null, isBackground: true));
        Assert.Null(On.Read(null, isBackground: true));
        Assert.Null(Usual.Read(null, isBackground: false));
        Assert.Equal("https://usual.example/", Usual.Read(null, isBackground: true));
        Assert.Equal("https://mine.example/hook?a=b", Usual.Read(" https://MINE.example:443/hook?a=b ", isBackground: true));
    }

    [Theory]
    [InlineData("ftp://example.com/", "is no http or https URL.")]
    [InlineData("example.com/hook", "is no absolute URL.")]
    [InlineData("https://user:secret@example.com/", "has a user name or password")]
    public void What_cannot_be_posted_to_is_refused(string text, string message) => AssertRefused(On, text, isBackground: true, message, "invalid_value");

    [Fact]
    public void Field_is_refused_without_a_secret_and_without_background()
    {
        AssertRefused(Off, "https://example.com/", isBackground: true, "Webhooks:Secret", "unsupported_value");
        AssertRefused(On, "https://example.com/", isBackground: false, "'background' must be true", "invalid_value");
    }

    static void AssertRefused(WebhookUrls urls, string text, bool isBackground, string message, string code)
    {
        var error = Assert.Throws<ApiException>(() => urls.Read(text, isBackground));
        Assert.Contains(message, error.Message);
        Assert.Equal((400, "webhook_url", code), (error.Status, error.Param, error.Code));
    }
}
