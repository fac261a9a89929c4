using Microsoft.Extensions.Options;
using TranscriptionApi.Settings;
using TranscriptionApi.Uploads;

namespace TranscriptionApi.Jobs.Work;

/// <summary>One server for each data folder: two would each take the other's leftovers for their own. Worker processes may join it.</summary>
sealed class ServerLock(IOptions<DataOptions> data) : IDisposable
{
    FileStream? _lock;

    public void Take()
    {
        var folder = Path.GetFullPath(data.Value.Folder);
        var path = Path.Combine(folder, "server.lock");
        try
        {
            Directory.CreateDirectory(folder);
            _lock = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(path))
        {
            throw new InvalidSettingException(
                $"{DataOptions.Section}:{nameof(DataOptions.Folder)} '{data.Value.Folder}' is used by another server that runs. Give each server a folder of its own; further processes for the same jobs are started with \"worker\".");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidSettingException($"{DataOptions.Section}:{nameof(DataOptions.Folder)} '{data.Value.Folder}' cannot be used. {error.Message}");
        }
    }

    public void Dispose() => _lock?.Dispose();
}
