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
/// The folder where uploads lie while they are worked on: names made here, readable by this user only, gone with their request.
/// What a killed process left behind is swept at the next start.
/// </summary>
sealed class UploadStore(IOptions<DataOptions> data) : IHostedService, IDisposable
{
    readonly string _folder = Path.GetFullPath(Path.Combine(data.Value.Folder, "uploads"));
    FileStream? _ownership;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        CreatePrivateFolder();
        if (TakeOwnership())
        {
            foreach (var orphan in Directory.EnumerateFiles(_folder, "*" + Upload.Extension))
            {
                File.Delete(orphan);
            }
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>An empty file for one upload; disposing it deletes it.</summary>
    public Upload Create()
    {
        // No name or extension of the client's reaches the disk.
        var path = Path.Combine(_folder, Guid.NewGuid().ToString("N") + Upload.Extension);
        try
        {
            return new Upload(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw ApiErrors.StorageFailed(error);
        }
    }

    public void Dispose() => _ownership?.Dispose();

    void CreatePrivateFolder()
    {
        try
        {
            Directory.CreateDirectory(_folder);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidSettingException($"{DataOptions.Section}:Folder '{data.Value.Folder}' cannot be used. {error.Message}");
        }
    }

    // A second server on the same folder must not sweep away what the first is working on.
    bool TakeOwnership()
    {
        try
        {
            _ownership = new FileStream(Path.Combine(_folder, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
