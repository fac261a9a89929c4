using System.Buffers;
using System.Net;
using Microsoft.Extensions.Options;
using TranscriptionApi.Errors;
using TranscriptionApi.Outbound;
using TranscriptionApi.Uploads;

namespace TranscriptionApi.AudioUrls;

static class AudioUrlsStart
{
    public static void AddAudioUrls(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<AudioUrlOptions, AudioUrlOptionsValidator>().BindConfiguration(AudioUrlOptions.Section);
        builder.Services.AddSingleton<AudioDownload>();
    }
}

/// <summary>
/// Audio from where the field audio_url says, into an upload like any other: at most as large as a body, whole or not at all.
/// What goes wrong is told without saying what the network behind this server looks like.
/// </summary>
sealed class AudioDownload(GuardedHttp http, UploadStore uploads, IOptions<AudioUrlOptions> options, IOptions<UploadOptions> limits)
{
    public const string Field = "audio_url";
    public const int MaxRedirects = 3;
    const int BufferBytes = 64 * 1024;

    /// <summary>Checks the field itself; nothing is sent yet.</summary>
    /// <exception cref="ApiException">The field is not taken here, or holds no URL that can be asked.</exception>
    public Uri Check(string text)
    {
        if (!options.Value.Enabled)
        {
            throw ApiErrors.AudioUrlOff();
        }

        return OutboundUrl.Fault(text, out var url) is { } fault ? throw ApiErrors.InvalidUrl(Field, fault) : url!;
    }

    /// <summary>Fetches the file; the caller owns the upload.</summary>
    /// <exception cref="ApiException">The file cannot be had: 400 with the field named, or 413.</exception>
    public async Task<Upload> FetchAsync(Uri url, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(options.Value.Timeout());
        try
        {
            using var answer = await OpenAsync(url, deadline.Token);
            return await StoreAsync(answer, deadline.Token);
        }
        catch (AddressRefusedException)
        {
            throw ApiErrors.AudioUrlRefused();
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // Also the time limit of the connection itself, which is shorter.
            throw deadline.IsCancellationRequested ? ApiErrors.AudioUrlTooSlow(options.Value.TimeoutSeconds) : ApiErrors.AudioUrlBroken();
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            throw ApiErrors.AudioUrlBroken();
        }
    }

    /// <summary>The answer that is the file, behind as many redirects as are followed.</summary>
    async Task<HttpResponseMessage> OpenAsync(Uri url, CancellationToken cancellation)
    {
        for (var redirects = 0; redirects <= MaxRedirects; redirects++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            request.Headers.Accept.ParseAdd("*/*");
            request.Headers.AcceptEncoding.ParseAdd("identity");
            var answer = await http.SendAsync(request, cancellation);
            if (answer.StatusCode == HttpStatusCode.OK)
            {
                return answer;
            }

            using (answer)
            {
                url = Target(url, answer);
            }
        }

        throw ApiErrors.AudioUrlRedirects(MaxRedirects);
    }

    static Uri Target(Uri url, HttpResponseMessage answer)
    {
        if (answer.StatusCode is not (HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
            or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect))
        {
            throw ApiErrors.AudioUrlAnswered((int)answer.StatusCode);
        }

        // Whoever asked for https does not want the rest of the way in the clear.
        return answer.Headers.Location is { } location && Uri.TryCreate(url, location, out var target) && OutboundUrl.Fault(target) is null
            && (url.Scheme == Uri.UriSchemeHttp || target.Scheme == Uri.UriSchemeHttps)
            ? target
            : throw ApiErrors.AudioUrlMisdirected();
    }

    async Task<Upload> StoreAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        var most = limits.Value.MaxBytes();
        if (answer.Content.Headers.ContentLength is { } length && length > most)
        {
            throw ApiErrors.TooLarge(most, length);
        }

        await using var body = new CountedBody(await answer.Content.ReadAsStreamAsync(cancellation), most);
        var upload = uploads.Create();
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int read;
            while ((read = await body.ReadAsync(buffer, cancellation)) > 0)
            {
                await upload.AppendAsync(buffer.AsMemory(0, read), cancellation);
            }

            upload.Complete();
            return upload;
        }
        catch
        {
            upload.Dispose();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
