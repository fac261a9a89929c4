using Microsoft.Extensions.Options;
using TranscriptionApi.Errors;
using TranscriptionApi.Jobs.Work;
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
/// Where uploads lie until their job is stored: names made here, readable by this user only, gone with their request.
/// Each process has a folder of its own, under its name; what a killed one left behind is swept.
/// </summary>
sealed class UploadStore(IOptions<DataOptions> data, ServerInstance instance) : IHostedService, IDisposable
{
    readonly string _parent = Path.GetFullPath(Path.Combine(data.Value.Folder, "uploads"));

    string Folder => Path.Combine(_parent, instance.Id);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            PrivateFolder.Create(_parent);
            PrivateFolder.Create(Folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidSettingException($"{DataOptions.Section}:Folder '{data.Value.Folder}' cannot be used. {error.Message}");
        }

        SweepFoldersOfDead();
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

    /// <summary>Deletes the uploads of processes that have ended.</summary>
    public void SweepFoldersOfDead()
    {
        foreach (var folder in Directory.EnumerateDirectories(_parent))
        {
            try
            {
                if (!instance.IsAlive(Path.GetFileName(folder)))
                {
                    Directory.Delete(folder, recursive: true);
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // Another process sweeps it at the same moment, or upkeep comes by again.
            }
        }
    }

    public void Dispose()
    {
        try
        {
            if (Directory.Exists(Folder))
            {
                Directory.Delete(Folder, recursive: true);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The next start sweeps.
        }
    }
}
