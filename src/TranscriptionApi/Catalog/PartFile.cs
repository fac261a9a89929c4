using System.Buffers;
using System.Security.Cryptography;

namespace TranscriptionApi.Catalog;

/// <summary>
/// The unfinished file of a download. It always knows the hash of what it holds, so the whole file is verified the moment
/// the last byte is written, and remembers (in a file beside it) the ETag its bytes belong to, so a later run can resume.
/// </summary>
sealed class PartFile : IDisposable
{
    readonly string _path;
    readonly FileStream _stream;
    readonly IncrementalHash _hash;

    PartFile(string path, HashAlgorithmName algorithm)
    {
        _path = path;
        _hash = IncrementalHash.CreateHash(algorithm);
        _stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0, useAsync: true);
    }

    /// <summary>Bytes written so far.</summary>
    public long Length => _stream.Position;

    /// <summary>The ETag of the content these bytes are the beginning of; null when the server gave none.</summary>
    public string? ETag { get; private set; }

    /// <summary>Hash of the bytes so far, in lower-case hexadecimal.</summary>
    public string Hash => Convert.ToHexStringLower(_hash.GetCurrentHash());

    string ETagPath => _path + ".etag";

    /// <summary>Opens the file, or creates an empty one; what an earlier run left is read once for the hash.</summary>
    public static async Task<PartFile> OpenAsync(string path, HashAlgorithmName algorithm, CancellationToken cancellation)
    {
        var part = new PartFile(path, algorithm);
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 20);
        try
        {
            while (await part._stream.ReadAsync(buffer, cancellation) is var count and > 0)
            {
                part._hash.AppendData(buffer, 0, count);
            }

            part.ETag = File.Exists(part.ETagPath) ? await File.ReadAllTextAsync(part.ETagPath, cancellation) : null;
            return part;
        }
        catch
        {
            part.Dispose();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Empties the file for content with this ETag.</summary>
    public void StartOver(string? etag)
    {
        // Emptied before the ETag is written: if the process dies between the two, an empty file resumes nothing.
        _stream.SetLength(0);
        _stream.Position = 0;
        _hash.GetHashAndReset();
        ETag = etag;
        if (etag is null)
        {
            File.Delete(ETagPath);
        }
        else
        {
            File.WriteAllText(ETagPath, etag);
        }
    }

    public async Task AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        await _stream.WriteAsync(bytes, cancellation);
        _hash.AppendData(bytes.Span);
    }

    /// <summary>Gives the finished file its name. The bytes are on the disk before the name is: a power cut leaves no half model behind it.</summary>
    public void Publish(string path)
    {
        _stream.Flush(flushToDisk: true);
        _stream.Dispose();
        File.Move(_path, path, overwrite: true);
        File.Delete(ETagPath);
    }

    /// <summary>Removes the file and its ETag.</summary>
    public void Delete()
    {
        _stream.Dispose();
        File.Delete(_path);
        File.Delete(ETagPath);
    }

    public void Dispose()
    {
        _stream.Dispose();
        _hash.Dispose();
    }
}
