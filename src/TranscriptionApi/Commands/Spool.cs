namespace TranscriptionApi.Commands;

/// <summary>A pipe's bytes as a file, because decoders go back and forth in it. Gone when disposed.</summary>
sealed class Spool : IDisposable
{
    Spool(string path) => Path = path;

    public string Path { get; }

    /// <summary>Reads the pipe to its end.</summary>
    public static Spool Read(Stream pipe, CancellationToken cancellation)
    {
        var spool = new Spool(System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"transcribe-{Guid.NewGuid():N}"));
        try
        {
            // Reading a pipe cannot be interrupted, so it happens elsewhere and is left alone when it is given up.
            var file = Create(spool.Path);
            Task.Run(() => Copy(pipe, file, cancellation), CancellationToken.None).WaitAsync(cancellation).GetAwaiter().GetResult();
            return spool;
        }
        catch
        {
            spool.Dispose();
            throw;
        }
    }

    public void Dispose() => File.Delete(Path);

    static FileStream Create(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete };
        if (!OperatingSystem.IsWindows())
        {
            // Others on this machine have no business with what somebody said.
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
    }

    static void Copy(Stream pipe, FileStream file, CancellationToken cancellation)
    {
        using (file)
        {
            var block = new byte[64 * 1024];
            for (int read; !cancellation.IsCancellationRequested && (read = pipe.Read(block)) > 0;)
            {
                file.Write(block.AsSpan(0, read));
            }
        }
    }
}
