using System.Security.Cryptography;
using TranscriptionApi.Catalog;

namespace TranscriptionApi.Tests.Catalog;

public sealed class ModelDownloadTests : IAsyncLifetime
{
    static readonly byte[] Published = Noise(seed: 1);

    static readonly ManifestModel Model = new()
    {
        Name = "test",
        File = "ggml-test.bin",
        Aliases = [],
        OwnedBy = "test",
        Languages = "en",
        Size = "1 MiB",
#pragma warning disable CA5350 // The published hashes are SHA-1.
        Sha1 = Convert.ToHexStringLower(SHA1.HashData(Published)),
#pragma warning restore CA5350
    };

    readonly TestFolder _folder = new();
    readonly List<DownloadProgress> _reports = [];
    ModelMirror _mirror = null!;

    static CancellationToken Patience => TestContext.Current.CancellationToken;

    string Target => _folder["ggml-test.bin"];

    string Part => _folder["ggml-test.bin.part"];

    public async ValueTask InitializeAsync() => _mirror = await ModelMirror.StartAsync(Published);

    public async ValueTask DisposeAsync()
    {
        await _mirror.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_model_is_fetched_whole_and_leaves_no_part()
    {
        Assert.True(await FetchAsync());
        AssertPublished();
        Assert.Equal(Published.Length, _reports[^1].Received);
        Assert.Equal(Published.Length, _reports[^1].Total);
    }

    [Fact]
    public async Task A_sha256_is_checked_where_one_is_published()
    {
        Assert.True(await FetchAsync(Model with { Sha1 = null, Sha256 = Convert.ToHexStringLower(SHA256.HashData(Published)) }));
        AssertPublished();
    }

    [Fact]
    public async Task A_model_that_is_there_is_not_fetched_again()
    {
        await FetchAsync();
        Assert.False(await FetchAsync());
        Assert.Single(_mirror.Requests);
    }

    [Fact]
    public async Task A_cut_connection_is_resumed_where_it_broke()
    {
        _mirror.Cuts.Enqueue(100_000);
        await FetchAsync();
        AssertPublished();
        Assert.Equal(("", ""), _mirror.Requests[0]);
        Assert.StartsWith("bytes=", _mirror.Requests[1].Range);
        Assert.Equal(_mirror.ETag, _mirror.Requests[1].IfRange);
        Assert.Contains(_reports, report => report.Problem is not null);
    }

    [Fact]
    public async Task A_later_run_resumes_what_an_earlier_one_left()
    {
        await StopAfterFirstBytesAsync();
        var kept = new FileInfo(Part).Length;
        Assert.InRange(kept, 1, Published.Length - 1);

        await FetchAsync();
        AssertPublished();
        Assert.Equal(($"bytes={kept}-", "\"first\""), _mirror.Requests[^1]);
    }

    [Fact]
    public async Task A_complete_part_needs_no_further_bytes()
    {
        await File.WriteAllBytesAsync(Part, Published, Patience);
        await FetchAsync();
        AssertPublished();
        Assert.Single(_mirror.Requests);
    }

    [Fact]
    public async Task A_server_without_ranges_sends_everything_again()
    {
        _mirror.HonoursRange = false;
        _mirror.Cuts.Enqueue(100_000);
        await FetchAsync();
        AssertPublished();
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 2)]
    public async Task Content_that_changed_between_runs_is_begun_again(bool honoursIfRange, int requests)
    {
        _mirror.Content = Noise(seed: 2);
        _mirror.HonoursIfRange = honoursIfRange;
        await StopAfterFirstBytesAsync();

        (_mirror.Content, _mirror.ETag) = (Published, "\"second\"");
        await FetchAsync();
        AssertPublished();
        Assert.Equal(1 + requests, _mirror.Requests.Count);
        Assert.DoesNotContain(_reports, report => report.Problem?.Contains("does not fit") == true);
    }

    [Fact]
    public async Task A_part_that_does_not_fit_is_begun_again_even_without_an_etag()
    {
        _mirror.ETag = null;
        await File.WriteAllBytesAsync(Part, Noise(seed: 3)[..5_000], Patience);
        await FetchAsync();
        AssertPublished();
        Assert.Equal(2, _mirror.Requests.Count);
    }

    [Fact]
    public async Task A_part_longer_than_the_file_is_begun_again()
    {
        await File.WriteAllBytesAsync(Part, [.. Published, 1, 2, 3], Patience);
        await FetchAsync();
        AssertPublished();
    }

    [Fact]
    public async Task A_wrong_hash_is_refused_and_the_file_removed()
    {
        _mirror.Content = Noise(seed: 4);
        var problem = await Assert.ThrowsAsync<ModelDownloadException>(() => FetchAsync());
        Assert.Contains(Model.Sha1!, problem.Message);
        AssertNothingKept();
    }

    [Fact]
    public async Task A_missing_file_is_reported_at_once()
    {
        _mirror.Refusals.Enqueue(404);
        var problem = await Assert.ThrowsAsync<ModelDownloadException>(() => FetchAsync());
        Assert.Contains("404", problem.Message);
        Assert.Single(_mirror.Requests);
    }

    [Fact]
    public async Task A_server_that_is_busy_is_asked_again()
    {
        _mirror.Refusals.Enqueue(503);
        _mirror.Refusals.Enqueue(429);
        await FetchAsync();
        AssertPublished();
        Assert.Equal(3, _mirror.Requests.Count);
    }

    [Fact]
    public async Task A_server_that_stays_broken_is_given_up()
    {
        for (var i = 0; i < 10; i++)
        {
            _mirror.Refusals.Enqueue(500);
        }

        var problem = await Assert.ThrowsAsync<ModelDownloadException>(() => FetchAsync());
        Assert.Contains("tried 5 times", problem.Message);
        Assert.Equal(5, _mirror.Requests.Count);
    }

    [Fact]
    public async Task A_server_that_falls_silent_is_asked_for_the_rest()
    {
        _mirror.Stalls.Enqueue(100_000);
        await FetchAsync(stallTimeout: TimeSpan.FromMilliseconds(300));
        AssertPublished();
        Assert.Equal(2, _mirror.Requests.Count);
    }

    [Fact]
    public async Task A_server_that_never_stops_is_stopped()
    {
        _mirror.IsEndless = true;
        var problem = await Assert.ThrowsAsync<ModelDownloadException>(() => FetchAsync());
        Assert.Contains("sends more", problem.Message);
        AssertNothingKept();
    }

    [Fact]
    public async Task A_full_disk_is_noticed_before_the_download()
    {
        var problem = await Assert.ThrowsAsync<ModelDownloadException>(() => FetchAsync(freeBytes: 1 << 20));
        Assert.Contains("1 MiB are free", problem.Message);
    }

    [Fact]
    public async Task Two_pulls_at_once_do_not_meet()
    {
        _mirror.Stalls.Enqueue(100_000);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Patience);
        var begun = new TaskCompletionSource();
        var first = NewDownload().FetchAsync(Model, _mirror.Address, _ => begun.TrySetResult(), stop.Token);
        await begun.Task.WaitAsync(Patience);

        var problem = await Assert.ThrowsAsync<ModelDownloadException>(() => FetchAsync());
        Assert.Contains("somebody else", problem.Message);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.True(await FetchAsync());
        AssertPublished();
    }

    ModelDownload NewDownload(TimeSpan? stallTimeout = null, long freeBytes = long.MaxValue) => new(ModelDownload.CreateClient(), _folder.Path)
    {
        FirstRetryDelay = TimeSpan.Zero,
        StallTimeout = stallTimeout ?? TimeSpan.FromSeconds(30),
        FreeBytes = _ => freeBytes,
    };

    Task<bool> FetchAsync(ManifestModel? model = null, TimeSpan? stallTimeout = null, long freeBytes = long.MaxValue) =>
        NewDownload(stallTimeout, freeBytes).FetchAsync(model ?? Model, _mirror.Address, _reports.Add, Patience);

    async Task StopAfterFirstBytesAsync()
    {
        _mirror.Stalls.Enqueue(100_000);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Patience);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            NewDownload().FetchAsync(Model, _mirror.Address, _ => stop.Cancel(), stop.Token));
    }

    void AssertPublished()
    {
        Assert.Equal(Published, File.ReadAllBytes(Target));
        Assert.False(File.Exists(Part));
        Assert.False(File.Exists(Part + ".etag"));
    }

    void AssertNothingKept()
    {
        Assert.False(File.Exists(Target));
        Assert.False(File.Exists(Part));
        Assert.False(File.Exists(Part + ".etag"));
    }

    static byte[] Noise(int seed)
    {
        var bytes = new byte[1_000_000];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
