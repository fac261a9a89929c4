using Microsoft.Extensions.Options;
using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Audio;
using TranscriptionApi.Uploads;

namespace TranscriptionApi.Tests.Jobs;

/// <summary>Uploads become the audio of jobs, whole or not at all.</summary>
public sealed class AudioStoreTests : IDisposable
{
    // Memory, a file system of its own on most Linux machines.
    const string OtherFileSystem = "/dev/shm";

    readonly string _folder = Directory.CreateTempSubdirectory("transcription-audio-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Upload_moves_within_a_file_system()
    {
        using var upload = await UploadAsync();
        var store = Store(null);
        var name = store.Take(upload);

        Assert.Matches("^([0-9a-f]{2})/\\1[0-9a-f]{30}$", name);
        Assert.Equal("some audio", await File.ReadAllTextAsync(store.PathOf(name), TestContext.Current.CancellationToken));
        Assert.False(File.Exists(upload.Path));
    }

    [Fact]
    public async Task First_file_of_a_body_that_came_slowly_is_not_swept_before_its_job_is_stored()
    {
        using var upload = await UploadAsync();
        File.SetLastWriteTimeUtc(upload.Path, DateTime.UtcNow.AddHours(-7));
        var store = Store(null);
        store.Take(upload);

        Assert.Empty(store.OlderThan(TimeSpan.FromHours(1)));
    }

    [Fact]
    public async Task Upload_is_copied_to_another_file_system_and_leaves_nothing_behind()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || !Directory.Exists(OtherFileSystem), $"There is no {OtherFileSystem}.");
        var shared = Path.Combine(OtherFileSystem, Path.GetFileName(_folder));
        try
        {
            using var upload = await UploadAsync();
            var store = Store(shared);
            var name = store.Take(upload);

            Assert.Equal("some audio", await File.ReadAllTextAsync(store.PathOf(name), TestContext.Current.CancellationToken));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, OperatingSystem.IsWindows() ? UnixFileMode.None : File.GetUnixFileMode(store.PathOf(name)));
            Assert.Single(Directory.GetFiles(shared, "*", SearchOption.AllDirectories));
            Assert.False(File.Exists(upload.Path));
        }
        finally
        {
            Directory.Delete(shared, recursive: true);
        }
    }

    [Fact]
    public async Task Upload_stays_when_its_new_place_cannot_be_written()
    {
        using var upload = await UploadAsync();
        await File.WriteAllTextAsync(Path.Combine(_folder, "no-folder"), "", TestContext.Current.CancellationToken);
        var store = new AudioStore(Options.Create(new JobOptions { AudioFolder = Path.Combine(_folder, "no-folder") }), Options.Create(new DataOptions()));

        Assert.Equal(503, Assert.Throws<TranscriptionApi.Errors.ApiException>(() => store.Take(upload)).Status);
        Assert.True(File.Exists(upload.Path));
    }

    AudioStore Store(string? shared)
    {
        var store = new AudioStore(Options.Create(new JobOptions { AudioFolder = shared }), Options.Create(new DataOptions { Folder = _folder }));
        store.Prepare();
        return store;
    }

    async Task<Upload> UploadAsync()
    {
        var upload = new Upload(Path.Combine(_folder, "a.upload"));
        await upload.AppendAsync("some audio"u8.ToArray(), TestContext.Current.CancellationToken);
        upload.Complete();
        return upload;
    }
}
