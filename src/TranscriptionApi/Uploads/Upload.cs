using TranscriptionApi.Errors;

namespace TranscriptionApi.Uploads;

/// <summary>One uploaded file on disk, deleted when disposed.</summary>
sealed class Upload : IDisposable
{
    public const string Extension = ".upload";

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

    public async ValueTask AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        try
        {
            await _writing!.WriteAsync(bytes, cancellation);
        }
        catch (IOException error)
        {
            throw ApiErrors.StorageFailed(error);
        }
    }

    /// <summary>Closes the file: it is complete and may be read.</summary>
    public void Complete()
    {
        _writing?.Dispose();
        _writing = null;
    }

    public void Dispose()
    {
        Complete();
        File.Delete(Path);
    }
}
