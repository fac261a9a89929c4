using Microsoft.Extensions.Options;
using TranscriptionApi.Errors;
using TranscriptionApi.Settings;

namespace TranscriptionApi.Uploads;

static class UploadsStart
{
    public static void AddUploads(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<DataOptions, DataOptionsValidator>().BindConfiguration(DataOptions.Section);
        builder.Services.AddOptionsWithValidateOnStart<UploadOptions, UploadOptionsValidator>().BindConfiguration(UploadOptions.Section);
        builder.Services.AddSingleton<UploadStore>();
        builder.Services.AddHostedService(services => services.GetRequiredService<UploadStore>());
    }
}

/// <summary>
/// Where uploads lie while they are worked on: names made here, readable by this user only, gone with their request.
/// Each server has a folder of its own beside a lock file it holds; what a killed one left behind is swept at the next start.
/// </summary>
sealed class UploadStore(IOptions<DataOptions> data) : IHostedService, IDisposable
{
    const string LockExtension = ".lock";

    readonly string _parent = Path.GetFullPath(Path.Combine(data.Value.Folder, "uploads"));
    readonly string _id = Guid.NewGuid().ToString("N");
    FileStream? _lock;

    string Folder => Path.Combine(_parent, _id);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            PrivateFolder.Create(_parent);

            // The lock first: a folder without one would belong to nobody.
            _lock = Lock(_id);
            PrivateFolder.Create(Folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidSettingException($"{DataOptions.Section}:Folder '{data.Value.Folder}' cannot be used. {error.Message}");
        }

        SweepFoldersOfDeadServers();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>An empty file for one upload; disposing it deletes it.</summary>
    public Upload Create()
    {
        // No name or extension of the client's reaches the disk.
        var path = Path.Combine(Folder, Guid.NewGuid().ToString("N") + Upload.Extension);
        try
        {
            return new Upload(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw ApiErrors.StorageFailed(error);
        }
    }

    public void Dispose()
    {
        try
        {
            if (_lock is not null)
            {
                Remove(_id, _lock);
                _lock = null;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The next start sweeps.
        }
    }

    void SweepFoldersOfDeadServers()
    {
        foreach (var file in Directory.EnumerateFiles(_parent, "*" + LockExtension))
        {
            var id = Path.GetFileNameWithoutExtension(file);
            try
            {
                if (id != _id)
                {
                    Remove(id, Lock(id));
                }
            }
            catch (IOException)
            {
                // Its server lives.
            }
        }
    }

    void Remove(string id, FileStream held)
    {
        using (held)
        {
            var folder = Path.Combine(_parent, id);
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }

            File.Delete(held.Name);
        }
    }

    FileStream Lock(string id) => new(Path.Combine(_parent, id + LockExtension), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
}
