using System.Threading.Channels;

namespace TranscriptionApi.Commands.Watch;

/// <summary>
/// Hears from the system that something appeared in a folder, which makes the next look come sooner. Nothing depends on it:
/// network shares send no events, and a system may have no room for another watcher.
/// </summary>
sealed class FolderHints : IDisposable
{
    // Files that arrive together are one look.
    static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(250);

    readonly Channel<bool> _hints = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    readonly string _folder;
    readonly bool _recursive;
    FileSystemWatcher? _watcher;

    public FolderHints(string folder, bool recursive)
    {
        _folder = folder;
        _recursive = recursive;
        Listen();
    }

    /// <summary>Begins anew, for a folder that was away.</summary>
    public void Listen()
    {
        Dispose();
        try
        {
            _watcher = new FileSystemWatcher(_folder) { IncludeSubdirectories = _recursive, NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName };
            _watcher.Created += (_, _) => _hints.Writer.TryWrite(true);
            _watcher.Renamed += (_, _) => _hints.Writer.TryWrite(true);
            _watcher.EnableRaisingEvents = true;
        }
        catch (Exception error) when (error is IOException or ArgumentException or PlatformNotSupportedException)
        {
            Dispose();
        }
    }

    /// <summary>Returns after <paramref name="time"/>, or soon after a hint.</summary>
    public async Task WaitAsync(TimeSpan time, TimeProvider clock, CancellationToken cancellation)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var pause = Task.Delay(time, clock, over.Token);
        var hint = _hints.Reader.WaitToReadAsync(over.Token).AsTask();
        if (await Task.WhenAny(pause, hint) == hint && !cancellation.IsCancellationRequested)
        {
            await Task.WhenAny(pause, Task.Delay(Gathering, clock, over.Token));
        }

        await over.CancelAsync();
        _hints.Reader.TryRead(out _);
        cancellation.ThrowIfCancellationRequested();
    }

    public void Dispose()
    {
        _watcher?.Dispose();
        _watcher = null;
    }
}
