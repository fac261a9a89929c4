using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using TranscriptionApi.Errors;

namespace TranscriptionApi.Uploads;

/// <summary>
/// A multipart/form-data body read part by part as it arrives: text fields to memory, files to disk, the rest nowhere.
/// Parts may come in any order, and the body may be chunked without a length.
/// </summary>
sealed class MultipartForm : FieldValues, IDisposable
{
    // A hundred keywords, a hundred languages and every other field fit; files are counted for themselves.
    public const int MaxParts = 256;
    public const int MaxFieldBytes = 64 * 1024;
    const int MaxBoundaryLength = 200;
    const int BufferBytes = 64 * 1024;

    readonly List<Upload> _files = [];

    /// <summary>The files, in the order of their parts.</summary>
    public IReadOnlyList<Upload> Files => _files;

    /// <summary>Reads the whole body.</summary>
    /// <param name="http">The request.</param>
    /// <param name="fileField">Name of the one field that holds files.</param>
    /// <param name="maxFiles">Most files it may hold.</param>
    /// <param name="textFields">Names of the text fields to keep; others are read past.</param>
    /// <param name="uploads">Where the file goes.</param>
    /// <param name="maxBytes">Largest body.</param>
    /// <param name="cancellation">The client is gone.</param>
    public static async Task<MultipartForm> ReadAsync(
        HttpRequest http, string fileField, int maxFiles, IReadOnlySet<string> textFields, UploadStore uploads, long maxBytes, CancellationToken cancellation)
    {
        var boundary = FindBoundary(http);
        if (http.ContentLength > maxBytes)
        {
            throw ApiErrors.TooLarge(maxBytes, http.ContentLength.Value);
        }

        var form = new MultipartForm();
        try
        {
            var reader = new MultipartReader(boundary, new CountedBody(http.Body, maxBytes), BufferBytes);
            var parts = 0;
            while (await Next(() => reader.ReadNextSectionAsync(cancellation)) is { } part)
            {
                if (++parts - form._files.Count > MaxParts)
                {
                    throw ApiErrors.TooManyParts(MaxParts);
                }

                await form.ReadPartAsync(part, fileField, maxFiles, textFields, uploads, cancellation);
            }

            return form;
        }
        catch
        {
            form.Dispose();
            throw;
        }
    }

    public void Dispose() => _files.ForEach(file => file.Dispose());

    static string FindBoundary(HttpRequest http)
    {
        if (!MediaTypeHeaderValue.TryParse(http.ContentType, out var type)
            || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
        {
            throw ApiErrors.NotMultipart();
        }

        var boundary = HeaderUtilities.RemoveQuotes(type.Boundary).Value;
        return boundary is { Length: > 0 and <= MaxBoundaryLength } ? boundary : throw ApiErrors.NoBoundary();
    }

    async Task ReadPartAsync(
        MultipartSection part, string fileField, int maxFiles, IReadOnlySet<string> textFields, UploadStore uploads, CancellationToken cancellation)
    {
        if (PartName.Of(part) is not { Field: var name, IsFile: var isFile })
        {
            throw ApiErrors.MalformedMultipart("A part has no Content-Disposition header with a name.");
        }

        if (PartName.WithoutIndex(name) == fileField)
        {
            await ReadFileAsync(part, isFile, fileField, maxFiles, uploads, cancellation);
        }
        else if (textFields.Contains(PartName.WithoutKey(name)))
        {
            await ReadTextAsync(part, name, cancellation);
        }
        else
        {
            await DrainAsync(part, cancellation);
        }
    }

    async Task ReadFileAsync(MultipartSection part, bool isFile, string name, int maxFiles, UploadStore uploads, CancellationToken cancellation)
    {
        if (!isFile)
        {
            throw ApiErrors.FileSentAsText(name);
        }

        if (_files.Count >= maxFiles)
        {
            throw ApiErrors.TooManyFiles(maxFiles);
        }

        var file = uploads.Create();
        _files.Add(file);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int read;
            while ((read = await Next(() => part.Body.ReadAsync(buffer, cancellation).AsTask())) > 0)
            {
                await file.AppendAsync(buffer.AsMemory(0, read), cancellation);
            }

            file.Complete();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    async Task ReadTextAsync(MultipartSection part, string name, CancellationToken cancellation)
    {
        var bytes = new MemoryStream();
        var buffer = new byte[4096];
        int read;
        while ((read = await Next(() => part.Body.ReadAsync(buffer, cancellation).AsTask())) > 0)
        {
            if (bytes.Length + read > MaxFieldBytes)
            {
                throw ApiErrors.FieldTooLong(PartName.WithoutIndex(name), MaxFieldBytes);
            }

            bytes.Write(buffer, 0, read);
        }

        Add(name, Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length));
    }

    static async Task DrainAsync(MultipartSection part, CancellationToken cancellation)
    {
        var buffer = new byte[4096];
        while (await Next(() => part.Body.ReadAsync(buffer, cancellation).AsTask()) > 0)
        {
        }
    }

    // The reader reports a broken body as IOException or InvalidDataException; Kestrel's own refusals carry their status already.
    static async Task<T> Next<T>(Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (Exception error) when (error is InvalidDataException or IOException and not BadHttpRequestException)
        {
            throw ApiErrors.MalformedMultipart("The body ends too early or its parts do not follow the boundary.", error);
        }
    }
}
