using System.Net;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Store.Sqlite;
using TranscriptionApi.Jobs.Work;
using TranscriptionApi.Tests.Jobs.Routes;

namespace TranscriptionApi.Tests.Jobs.Work;

/// <summary>What the running service ends, erases and deletes by itself when its time has come.</summary>
public sealed class UpkeepTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("transcription-upkeep-").FullName;
    readonly ManualResetEventSlim _gate = new();

    public UpkeepTests() => TestModels.Write(_folder);

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _gate.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Jobs_whose_callers_hung_up_long_ago_are_given_up_whether_they_wait_or_run()
    {
        await using var api = Api();
        api.StartOnSocket();
        using var client = await api.ReadyClientAsync();
        api.Engine.Gate = _gate;
        await HangUpAsync(api, client, jobs: 2);
        var kept = (await client.StartAsync()).Id();

        await LoseWishAsync(api, TimeSpan.FromSeconds(290));
        await RunAsync(api);
        Assert.Equal(["in_progress", "queued", "queued"], await StatesAsync(client));
        await LoseWishAsync(api, TimeSpan.FromSeconds(20));
        await RunAsync(api);

        Assert.Equal(["cancelled", "cancelled"], (await StatesAsync(client))[..2]);
        await TestApi.WaitUntilAsync(() => Task.FromResult(api.Engine.Cancelled == 1));
        _gate.Set();
        await client.JobAsync(kept, "completed");
        await TestApi.WaitUntilAsync(async () =>
        {
            await RunAsync(api);
            return Audio().Length == 0;
        });
    }

    [Fact]
    public async Task Jobs_whose_callers_hung_up_are_given_up_by_the_next_start_too()
    {
        await using (var before = Api())
        {
            before.StartOnSocket();
            using var client = await before.ReadyClientAsync();
            before.Engine.Gate = _gate;
            await HangUpAsync(before, client, jobs: 2);
        }

        await using (var stopped = new SqliteDatabase(Path.Combine(_folder, "jobs.db")))
        {
            await stopped.WriteAsync((connection, transaction) => connection.ExecuteAsync("UPDATE jobs SET wanted_until = wanted_until - 310000", transaction: transaction), Stop);
        }

        await using var after = Api(("Jobs:WorkHere", "false"));
        using var later = after.CreateClient();

        // Nobody tells it to.
        await TestApi.WaitUntilAsync(async () => (await StatesAsync(later)).SequenceEqual(["cancelled", "cancelled"]));
        await TestApi.WaitUntilAsync(() => Task.FromResult(Audio().Length == 0));
        Assert.Empty(after.Engine.Asked);
    }

    [Fact]
    public async Task Job_that_waited_too_long_expires()
    {
        await using var api = Api(("Jobs:WorkHere", "false"), ("Jobs:MaxQueuedHours", "3"));
        using var client = api.CreateClient();
        var job = (await client.StartAsync()).Id();
        await TestStore.Of(api).AgeAsync(TimeSpan.FromHours(2.9));
        await RunAsync(api);
        Assert.Equal("queued", (await client.JobAsync(job)).Status());
        await TestStore.Of(api).AgeAsync(TimeSpan.FromHours(0.2));

        await RunAsync(api);

        Assert.Equal(JobState.Expired, (await TestStore.Of(api).FindAsync(job)).State);
        Assert.Empty(Audio());
    }

    [Fact]
    public async Task Ended_job_is_erased_when_its_time_is_over()
    {
        await using var api = Api(("Jobs:KeepHours", "5"));
        using var client = await api.ReadyClientAsync();
        var job = (await client.JobAsync((await client.StartAsync()).Id(), "completed")).Id();
        await TestStore.Of(api).AgeAsync(TimeSpan.FromHours(4.9));
        await RunAsync(api);
        Assert.Equal("completed", (await client.JobAsync(job)).Status());
        await TestStore.Of(api).AgeAsync(TimeSpan.FromHours(0.2));

        await RunAsync(api);

        await client.RefusedAsync($"{JobClient.Path}/{job}", HttpStatusCode.NotFound);
        Assert.Equal((0, 0), (await TestStore.Of(api).CountAsync("jobs"), await TestStore.Of(api).CountAsync("transcripts")));
    }

    [Fact]
    public async Task Audio_that_no_job_needs_is_deleted_and_other_audio_is_not()
    {
        await using var api = Api(("Jobs:WorkHere", "false"));
        using var client = api.CreateClient();
        var ended = (await client.StartAsync()).Id();
        var waiting = await TestStore.Of(api).FindAsync((await client.StartAsync()).Id());
        await client.CancelAsync(ended);
        string orphan = Add("0123456789abcdef"), young = Add("0123456789abcde0");
        foreach (var path in Audio().Where(path => path != young))
        {
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddHours(-2));
        }

        await RunAsync(api);

        Assert.Equal([young, Path.Combine(_folder, "audio", waiting.AudioPath!)], Audio());
        Assert.False(File.Exists(orphan));
        Assert.Null((await TestStore.Of(api).FindAsync(ended)).AudioPath);
    }

    TestApi Api(params (string Key, string Value)[] settings) => new([("Data:Folder", _folder), ("Engine:Concurrency", "1"), ("Data:ReserveMegabytes", "0"), .. settings]);

    static Task RunAsync(TestApi api) => api.Services.GetServices<IHostedService>().OfType<Upkeep>().Single().RunAsync(Stop);

    // Only what is wished moves into the past: a running job's lease does not.
    static Task<int> LoseWishAsync(TestApi api, TimeSpan time) =>
        TestStore.Of(api).ExecuteAsync("UPDATE jobs SET wanted_until = wanted_until - @ms", new { ms = (long)time.TotalMilliseconds });

    /// <summary>Calls that wait, one of them for a job that runs, and hang up.</summary>
    static async Task HangUpAsync(TestApi api, HttpClient client, int jobs)
    {
        using var hangUp = new CancellationTokenSource();
        var calls = Enumerable.Range(0, jobs).Select(_ => client.PostAsync(JobClient.Path, TestApi.Form(), hangUp.Token)).ToList();
        await TestApi.WaitUntilAsync(async () => api.Engine.Running == 1 && await TestStore.Of(api).CountAsync("jobs") == jobs);
        await LoseWishAsync(api, TimeSpan.FromSeconds(60));
        await hangUp.CancelAsync();
        foreach (var call in calls)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        }

        // The server has heard it when the time to come back begins.
        var begun = DateTimeOffset.UtcNow.AddSeconds(270).ToUnixTimeMilliseconds();
        await TestApi.WaitUntilAsync(() => TestStore.Of(api).ReadAsync(
            async connection => await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM jobs WHERE wanted_until < @begun", new { begun }) == 0));
    }

    static async Task<List<string>> StatesAsync(HttpClient client) =>
        [.. (await client.GetJsonAsync($"{JobClient.Path}?order=asc")).GetProperty("data").EnumerateArray().Select(JobClient.Status)];

    string Add(string name)
    {
        var path = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, "audio", name[..2])).FullName, name);
        File.WriteAllBytes(path, [1, 2, 3]);
        return path;
    }

    string[] Audio() => [.. Directory.GetFiles(Path.Combine(_folder, "audio"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
}
