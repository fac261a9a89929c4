using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using TranscriptionApi.Errors;

namespace TranscriptionApi.Uploads;

/// <summary>
/// A multipart/form-data body read part by part as it arrives: text fields to memory, the file to disk, the rest nowhere.
/// Parts may come in any order, and the body may be chunked without a length.
/// </summary>
sealed class MultipartForm : IDisposable
{
    // A hundred keywords, a hundred languages and every other field fit.
    public const int MaxParts = 256;
    public const int MaxFieldBytes = 64 * 1024;
    const int MaxBoundaryLength = 200;
    const int BufferBytes = 64 * 1024;

    readonly Dictionary<string, List<string>> _fields = new(StringComparer.Ordinal);

    /// <summary>The part with the file, once it was found.</summary>
    public Upload? File { get; private set; }

    /// <summary>Reads the whole body.</summary>
    /// <param name="http">The request.</param>
    /// <param name="fileField">Name of the one field that holds a file.</param>
    /// <param name="textFields">Names of the text fields to keep; others are read past.</param>
    /// <param name="uploads">Where the file goes.</param>
    /// <param name="maxBytes">Largest body.</param>
    /// <param name="cancellation">The client is gone.</param>
    public static async Task<MultipartForm> ReadAsync(
        HttpRequest http, string fileField, IReadOnlySet<string> textFields, UploadStore uploads, long maxBytes, CancellationToken cancellation)
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
                if (++parts > MaxParts)
                {
                    throw ApiErrors.TooManyParts(MaxParts);
                }

                await form.ReadPartAsync(part, fileField, textFields, uploads, cancellation);
            }

            return form;
        }
        catch
        {
            form.Dispose();
            throw;
        }
    }

    /// <summary>The value of a field that may be given once; null when it is absent or empty.</summary>
    public string? Single(string name) => All(name) switch
    {
        [] => null,
        [var value] => value,
        _ => throw ApiErrors.RepeatedField(name),
    };

    /// <summary>Every value of a field that may be repeated; empty values do not count.</summary>
    public IReadOnlyList<string> All(string name) => _fields.GetValueOrDefault(name) ?? [];

    public void Dispose() => File?.Dispose();

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
        MultipartSection part, string fileField, IReadOnlySet<string> textFields, UploadStore uploads, CancellationToken cancellation)
    {
        if (PartName.Of(part) is not { Field: var name, IsFile: var isFile })
        {
            throw ApiErrors.MalformedMultipart("A part has no Content-Disposition header with a name.");
        }

        if (name == fileField)
        {
            await ReadFileAsync(part, isFile, name, uploads, cancellation);
        }
        else if (textFields.Contains(name))
        {
            await ReadTextAsync(part, name, cancellation);
        }
        else
        {
            await DrainAsync(part, cancellation);
        }
    }

    async Task ReadFileAsync(MultipartSection part, bool isFile, string name, UploadStore uploads, CancellationToken cancellation)
    {
        if (!isFile)
        {
            throw ApiErrors.FileSentAsText(name);
        }

        if (File is not null)
        {
            throw ApiErrors.RepeatedField(name);
        }

        File = uploads.Create();
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int read;
            while ((read = await Next(() => part.Body.ReadAsync(buffer, cancellation).AsTask())) > 0)
            {
                await File.AppendAsync(buffer.AsMemory(0, read), cancellation);
            }

            File.Complete();
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
                throw ApiErrors.FieldTooLong(name, MaxFieldBytes);
            }

            bytes.Write(buffer, 0, read);
        }

        var text = Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
        if (string.IsNullOrWhiteSpace(text))
        {
            return;
        }

        if (!_fields.TryGetValue(name, out var values))
        {
            _fields[name] = values = [];
        }

        values.Add(text);
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
