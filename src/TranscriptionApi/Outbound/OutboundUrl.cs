namespace TranscriptionApi.Outbound;

/// <summary>What a URL must be like before anything is sent to it; whether its address is allowed shows when it is connected to.</summary>
static class OutboundUrl
{
    /// <summary>Signed links to object stores run to a few thousand characters.</summary>
    public const int MaxLength = 8192;

    /// <summary>Null and the URL, or what is wrong with it: the rest of a sentence that begins with its name.</summary>
    public static string? Fault(string text, out Uri? url)
    {
        url = null;
        if (text.Length > MaxLength)
        {
            return $"is longer than {MaxLength} characters.";
        }

        if (!Uri.TryCreate(text.Trim(), UriKind.Absolute, out var read))
        {
            return "is no absolute URL.";
        }

        url = read;
        return Fault(read);
    }

    /// <summary>The same for what is a URL already, such as the target of a redirect.</summary>
    public static string? Fault(Uri url)
    {
        if (!url.IsAbsoluteUri || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps) || url.Host.Length == 0)
        {
            return "is no http or https URL.";
        }

        return url.UserInfo.Length > 0 ? "has a user name or password in it, which is not taken." : null;
    }
}
