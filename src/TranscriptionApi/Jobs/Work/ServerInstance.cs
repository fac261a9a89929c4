using Microsoft.Extensions.Options;
using TranscriptionApi.Settings;
using TranscriptionApi.Uploads;

namespace TranscriptionApi.Jobs.Work;

/// <summary>
/// This process among all that share the data folder: a random name, and a lock file that the system lets go of when the process ends,
/// however it ends. Whose lock is free is dead; no clock is needed to tell.
/// </summary>
sealed class ServerInstance(IOptions<DataOptions> data) : IDisposable
{
    const string Extension = ".lock";

    readonly string _folder = Path.GetFullPath(Path.Combine(data.Value.Folder, "instances"));
    FileStream? _lock;

    /// <summary>32 random hex digits.</summary>
    public string Id { get; } = JobId.Random();

    /// <summary>Begins to be alive.</summary>
    public void Begin()
    {
        try
        {
            PrivateFolder.Create(_folder);
            while (_lock is null)
            {
                var held = TryLock(Id, FileMode.OpenOrCreate);

                // Somebody who looked for the dead at this moment may have taken the file away.
                _lock = File.Exists(PathOf(Id)) ? held : null;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidSettingException($"{DataOptions.Section}:Folder '{data.Value.Folder}' cannot be used. {error.Message}");
        }
    }

    /// <summary>An instance of this data folder whose process has ended. False also for one that was never here, or is forgotten.</summary>
    public bool IsDead(string id)
    {
        using var held = File.Exists(PathOf(id)) ? TryLock(id, FileMode.Open) : null;
        return held is not null;
    }

    /// <summary>An instance of this data folder whose process runs.</summary>
    public bool IsAlive(string id) => File.Exists(PathOf(id)) && !IsDead(id);

    /// <summary>Instances that were here and have ended.</summary>
    public IReadOnlyList<string> Dead() =>
        [.. Directory.EnumerateFiles(_folder, "*" + Extension).Select(file => Path.GetFileNameWithoutExtension(file)).Where(IsDead)];

    /// <summary>Nothing is left of a dead instance.</summary>
    public void Forget(string id)
    {
        using var held = TryLock(id, FileMode.Open);
        if (held is not null)
        {
            File.Delete(PathOf(id));
        }
    }

    public void Dispose()
    {
        if (_lock is null)
        {
            return;
        }

        try
        {
            File.Delete(PathOf(Id));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Upkeep of another finds its lock free.
        }

        _lock.Dispose();
        _lock = null;
    }

    string PathOf(string id) => Path.Combine(_folder, id + Extension);

    FileStream? TryLock(string id, FileMode mode)
    {
        try
        {
            return new FileStream(PathOf(id), mode, FileAccess.ReadWrite, FileShare.None);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (IOException) when (File.Exists(PathOf(id)))
        {
            // Its process holds it.
            return null;
        }
    }
}
