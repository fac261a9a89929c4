using System.Security.Cryptography;
using TranscriptionApi.Errors;

namespace TranscriptionApi.Uploads;

/// <summary>One uploaded file on disk, deleted when disposed unless it was moved away.</summary>
sealed class Upload : IDisposable
{
    public const string Extension = ".upload";

    readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    FileStream? _writing;

    public Upload(string path)
    {
        Path = path;
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0, Options = FileOptions.Asynchronous };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        _writing = new FileStream(path, options);
    }

    public string Path { get; }

    /// <summary>Bytes so far.</summary>
    public long Length { get; private set; }

    /// <summary>SHA-256 of the bytes, once the file is complete.</summary>
    public byte[]? Hash { get; private set; }

    public async ValueTask AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        try
        {
            await _writing!.WriteAsync(bytes, cancellation);
            _hash.AppendData(bytes.Span);
            Length += bytes.Length;
        }
        catch (IOException error)
        {
            throw ApiErrors.StorageFailed(error);
        }
    }

    /// <summary>The file is complete and on the disk; it may be read.</summary>
    public void Complete()
    {
        try
        {
            _writing!.Flush(flushToDisk: true);
        }
        catch (IOException error)
        {
            throw ApiErrors.StorageFailed(error);
        }

        Close();
        Hash = _hash.GetHashAndReset();
    }

    public void Dispose()
    {
        Close();
        _hash.Dispose();
        File.Delete(Path);
    }

    void Close()
    {
        _writing?.Dispose();
        _writing = null;
    }
}
