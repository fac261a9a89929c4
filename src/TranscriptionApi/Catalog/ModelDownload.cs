using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;

namespace TranscriptionApi.Catalog;

/// <summary>A model could not be fetched; the message is fit for the person who asked for it.</summary>
sealed class ModelDownloadException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>How far a download is; <see cref="Problem"/> says why it is about to try again.</summary>
readonly record struct DownloadProgress(long Received, long? Total, string? Problem = null);

/// <summary>
/// Fetches one model into a folder:
/// 1 only one process at a time, 2 what an earlier run left is continued, 3 broken connections are tried again,
/// 4 the hash of the whole file decides, 5 the file gets its name when it is complete and safe on the disk.
/// Dying anywhere leaves at most a ".part" file, which the next run continues.
/// </summary>
sealed class ModelDownload(HttpClient http, string folder)
{
    const long SpareBytes = 16 << 20;

    /// <summary>A connection that brings nothing for this long counts as broken.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Wait before the second attempt; doubled for each further one.</summary>
    public TimeSpan FirstRetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Give up after so many attempts in a row that brought nothing new.</summary>
    public int MaxFruitlessAttempts { get; init; } = 5;

    /// <summary>Free bytes on the disk of a folder.</summary>
    public Func<string, long> FreeBytes { get; init; } = folder => new DriveInfo(folder).AvailableFreeSpace;

    /// <summary>A client fit for large files: no limit on the whole transfer, and nothing that changes the bytes on the way.</summary>
    public static HttpClient CreateClient() => new(new SocketsHttpHandler
    {
        ConnectTimeout = TimeSpan.FromSeconds(15),
        AutomaticDecompression = DecompressionMethods.None,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Fetches <paramref name="model"/> from <paramref name="address"/>; false when its file was already there.</summary>
    /// <exception cref="ModelDownloadException">The file could not be fetched, or its hash is wrong.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up; the next call continues.</exception>
    public async Task<bool> FetchAsync(ManifestModel model, Uri address, Action<DownloadProgress> report, CancellationToken cancellation)
    {
        var target = Path.Combine(folder, model.File);
        if (File.Exists(target))
        {
            return false;
        }

        // 1
        Directory.CreateDirectory(folder);
        using var turn = TakeTurn(model);
        if (File.Exists(target))
        {
            return false;
        }

        // 2
        var algorithm = model.Sha256 is null ? HashAlgorithmName.SHA1 : HashAlgorithmName.SHA256;
        using var part = await PartFile.OpenAsync(target + ".part", algorithm, cancellation);
        var leftover = part.Length > 0;

        // 3
        await ReceiveAsync(model, address, part, report, cancellation);

        // 4
        var expected = model.Sha256 ?? model.Sha1
            ?? throw new ModelDownloadException($"No hash is known for '{model.Name}', so a download could not be checked.");
        if (part.Hash != expected && leftover)
        {
            report(new DownloadProgress(0, null, "What an earlier run left does not fit; starting over"));
            part.StartOver(etag: null);
            await ReceiveAsync(model, address, part, report, cancellation);
        }

        if (part.Hash is var actual && actual != expected)
        {
            part.Delete();
            throw new ModelDownloadException(
                $"{address} is not the published '{model.Name}': its {algorithm} is {actual}, not {expected}. The file was removed.");
        }

        // 5
        part.Publish(target);
        return true;
    }

    /// <summary>
    /// The lock that keeps a second pull of this model out. The operating system frees it when the process dies; its empty
    /// file stays, because deleting it while a third process opens it would let two in.
    /// </summary>
    FileStream TakeTurn(ManifestModel model)
    {
        try
        {
            return new FileStream(Path.Combine(folder, $".{model.File}.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException problem)
        {
            throw new ModelDownloadException($"'{model.Name}' is being pulled by somebody else at the moment ({problem.Message})", problem);
        }
    }

    async Task ReceiveAsync(ManifestModel model, Uri address, PartFile part, Action<DownloadProgress> report, CancellationToken cancellation)
    {
        var fruitless = 0;
        while (true)
        {
            var before = part.Length;
            string problem;
            try
            {
                if (await TryReceiveAsync(model, address, part, report, cancellation))
                {
                    return;
                }

                problem = "The file on the server is not the one that was begun";
            }
            catch (Exception broken) when (broken is HttpRequestException or IOException or OperationCanceledException
                && !cancellation.IsCancellationRequested)
            {
                problem = broken is OperationCanceledException ? $"Nothing came for {StallTimeout.TotalSeconds:0} s" : broken.Message;
            }

            fruitless = part.Length > before ? 0 : fruitless + 1;
            if (fruitless >= MaxFruitlessAttempts)
            {
                throw new ModelDownloadException(
                    $"{address} could not be fetched: {problem} (tried {fruitless} times; what came is kept for the next run).");
            }

            report(new DownloadProgress(part.Length, null, $"{problem}; trying again"));
            await Task.Delay(FirstRetryDelay * (1 << Math.Clamp(fruitless - 1, 0, 5)), cancellation);
        }
    }

    /// <summary>One request; true when the file is complete, false when it must be begun again.</summary>
    async Task<bool> TryReceiveAsync(ManifestModel model, Uri address, PartFile part, Action<DownloadProgress> report, CancellationToken cancellation)
    {
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        stall.CancelAfter(StallTimeout);
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (part.Length > 0)
        {
            request.Headers.Range = new RangeHeaderValue(part.Length, null);
            request.Headers.IfRange = EntityTagHeaderValue.TryParse(part.ETag, out var etag) ? new RangeConditionHeaderValue(etag) : null;
        }

        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stall.Token);
        var range = response.Content.Headers.ContentRange;
        switch (response.StatusCode)
        {
            case HttpStatusCode.OK:
                part.StartOver(StrongETag(response));
                break;
            case HttpStatusCode.PartialContent when range?.From == part.Length && IsSameContent(part, response):
                break;
            case HttpStatusCode.RequestedRangeNotSatisfiable when range?.Length == part.Length:
                return true;
            case HttpStatusCode.PartialContent or HttpStatusCode.RequestedRangeNotSatisfiable:
                part.StartOver(etag: null);
                return false;
            case HttpStatusCode.NotFound:
                throw new ModelDownloadException($"{address} does not exist (404). Is Models:DownloadBase right?");
            case >= HttpStatusCode.InternalServerError or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests:
                throw new HttpRequestException($"the server answered {(int)response.StatusCode}");
            default:
                throw new ModelDownloadException($"{address} cannot be fetched: the server answered {(int)response.StatusCode}.");
        }

        var total = range?.Length ?? response.Content.Headers.ContentLength;
        RequireSize(model, part, total ?? 0);
        RequireRoom(model, total, part.Length);
        await using var body = await response.Content.ReadAsStreamAsync(stall.Token);
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 18);
        try
        {
            while (true)
            {
                stall.CancelAfter(StallTimeout);
                var count = await body.ReadAsync(buffer, stall.Token);
                if (count == 0)
                {
                    break;
                }

                RequireSize(model, part, part.Length + count);
                await WriteAsync(part, buffer.AsMemory(0, count), cancellation);
                report(new DownloadProgress(part.Length, total));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return total is null || part.Length == total
            ? true
            : throw new HttpRequestException($"the connection ended after {part.Length} of {total} bytes");
    }

    /// <summary>A full disk is no reason to try again, unlike a broken connection, which is an IOException too.</summary>
    static async Task WriteAsync(PartFile part, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        try
        {
            await part.AppendAsync(bytes, cancellation);
        }
        catch (IOException problem)
        {
            throw new ModelDownloadException($"The download could not be written: {problem.Message}", problem);
        }
    }

    void RequireRoom(ManifestModel model, long? total, long present)
    {
        var needed = (total ?? model.ApproximateBytes) - present + SpareBytes;
        var free = FreeBytes(folder);
        if (free < needed)
        {
            throw new ModelDownloadException($"'{model.Name}' needs {needed >> 20} MiB more in {folder}; {free >> 20} MiB are free.");
        }
    }

    static void RequireSize(ManifestModel model, PartFile part, long size)
    {
        if (size > model.MaxBytes)
        {
            part.Delete();
            throw new ModelDownloadException($"The server sends more than the {model.Size} of '{model.Name}': this is not the published file.");
        }
    }

    static string? StrongETag(HttpResponseMessage response) =>
        response.Headers.ETag is { IsWeak: false } etag ? etag.ToString() : null;

    static bool IsSameContent(PartFile part, HttpResponseMessage response) =>
        part.ETag is null || StrongETag(response) is not { } etag || etag == part.ETag;
}
