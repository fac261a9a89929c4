using TranscriptionApi.Jobs;
using TranscriptionApi.Tests.Jobs.Routes;

namespace TranscriptionApi.Tests.Jobs.Work;

/// <summary>Jobs that nobody can do: what they need is gone. They end, and say why.</summary>
public sealed class LostAudioTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("transcription-lost-").FullName;

    public LostAudioTests() => TestModels.Write(_folder);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Job_whose_audio_is_gone_or_cut_off_is_tried_again_and_then_fails(bool isThere)
    {
        var job = await AcceptAsync();
        Lose(isThere);
        await using var api = Api(("Jobs:MaxAttempts", "2"));
        using var client = await api.ReadyClientAsync();
        var store = TestStore.Of(api);
        await TestApi.WaitUntilAsync(async () => (await store.FindAsync(job)) is { State: JobState.Queued, Attempt: 1, Error: not null });
        await store.AgeAsync(TimeSpan.FromSeconds(10));

        var failed = await client.JobAsync(job, "failed");

        Assert.Equal("audio_lost", failed.GetProperty("error").Code());
        Assert.Equal(2, (await store.FindAsync(job)).Attempt);
        Assert.Empty(api.Engine.Asked);
        Assert.Contains("Hello", await TestApi.TranscribeAsync(client));
    }

    [Fact]
    public async Task Job_whose_model_is_gone_fails_and_says_so()
    {
        var job = await AcceptAsync(("model", TestModels.Other));
        File.Delete(Path.Combine(_folder, "models", $"ggml-{TestModels.Other}.bin"));
        await using var api = Api();
        using var client = await api.ReadyClientAsync();

        Assert.Equal("model_not_found", (await client.JobAsync(job, "failed")).GetProperty("error").Code());
        Assert.Equal(1, (await TestStore.Of(api).FindAsync(job)).Attempt);
    }

    [Fact]
    public async Task Jobs_that_fail_let_those_behind_them_go_on()
    {
        var bad = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            bad.Add(await AcceptAsync());
        }

        Lose(isThere: false);
        await using var api = Api();
        using var client = await api.ReadyClientAsync();

        // They wait for their next attempt; nobody waits for them.
        Assert.Contains("Hello", await TestApi.TranscribeAsync(client));
        Assert.Equal("completed", (await client.JobAsync((await client.StartAsync()).Id(), "completed")).Status());
        var store = TestStore.Of(api);
        Assert.All(await Task.WhenAll(bad.Select(store.FindAsync)), job => Assert.Equal((JobState.Queued, 1), (job.State, job.Attempt)));
    }

    async Task<string> AcceptAsync(params (string Name, string Value)[] fields)
    {
        await using var api = Api(("Jobs:WorkHere", "false"));
        using var client = api.CreateClient();
        return (await client.StartAsync(fields)).Id();
    }

    void Lose(bool isThere)
    {
        foreach (var path in Directory.GetFiles(Path.Combine(_folder, "audio"), "*", SearchOption.AllDirectories))
        {
            if (isThere)
            {
                // Still audio that could be transcribed.
                using var file = File.OpenWrite(path);
                file.SetLength(file.Length - 2000);
            }
            else
            {
                File.Delete(path);
            }
        }
    }

    TestApi Api(params (string Key, string Value)[] settings) => new([("Data:Folder", _folder), ("Engine:Concurrency", "1"), .. settings]);
}
