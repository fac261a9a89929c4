using Microsoft.Extensions.Options;
using TranscriptionApi.Errors;
using TranscriptionApi.Settings;
using TranscriptionApi.Uploads;

namespace TranscriptionApi.Jobs.Audio;

/// <summary>
/// The audio of accepted jobs: random names in folders of two letters. A file is on the disk, with its name, before its job is stored;
/// a file without a job is swept (see <see cref="OlderThan"/>), a job without its file never comes to be.
/// </summary>
sealed class AudioStore(IOptions<JobOptions> jobs, IOptions<DataOptions> data)
{
    readonly string _folder = Path.GetFullPath(jobs.Value.AudioFolder is { Length: > 0 } shared ? shared : Path.Combine(data.Value.Folder, "audio"));

    /// <summary>Makes the folder.</summary>
    public void Prepare()
    {
        try
        {
            PrivateFolder.Create(_folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidSettingException($"The audio of jobs cannot be kept in '{_folder}'. {error.Message}");
        }
    }

    /// <summary>Takes over a complete upload, durably; returns its name here. The upload no longer has a file afterwards.</summary>
    public string Take(Upload upload)
    {
        var random = JobId.Random();
        var name = $"{random[..2]}/{random}";
        var path = PathOf(name);
        try
        {
            PrivateFolder.Create(Path.GetDirectoryName(path)!);

            // Its age counts from now: the rest of a slow body may have come for hours after this file.
            File.SetLastWriteTimeUtc(upload.Path, DateTime.UtcNow);
            DurableFile.Move(upload.Path, path);
            DurableFolder.Flush(Path.GetDirectoryName(path)!);
            DurableFolder.Flush(_folder);
            return name;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw ApiErrors.StorageFailed(error);
        }
    }

    public string PathOf(string name) => Path.Combine(_folder, name);

    /// <summary>Deletes a file that may be gone already.</summary>
    public void Delete(string name)
    {
        if (Directory.Exists(Path.GetDirectoryName(PathOf(name))))
        {
            File.Delete(PathOf(name));
        }
    }

    /// <summary>Names of files that are older than <paramref name="age"/>: long enough for their job to have been stored.</summary>
    public IEnumerable<string> OlderThan(TimeSpan age)
    {
        var before = DateTime.UtcNow - age;
        return Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories)
            .Where(path => File.GetLastWriteTimeUtc(path) < before)
            .Select(path => Path.GetRelativePath(_folder, path).Replace('\\', '/'));
    }
}
