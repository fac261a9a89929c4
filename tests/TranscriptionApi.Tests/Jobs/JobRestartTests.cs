using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using TranscriptionApi.Tests.Jobs.Routes;

namespace TranscriptionApi.Tests.Jobs;

/// <summary>What was accepted is there after the service was stopped and started again.</summary>
public sealed class JobRestartTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("transcription-restart-").FullName;
    readonly ManualResetEventSlim _gate = new();

    public JobRestartTests() => TestModels.Write(_folder);

    public void Dispose()
    {
        _gate.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Jobs_that_wait_run_or_are_done_are_found_after_a_restart()
    {
        string done, running, queued, events;
        await using (var before = Api())
        {
            using var client = await before.ReadyClientAsync();
            done = (await client.JobAsync((await client.StartAsync()).Id(), "completed")).Id();
            before.Engine.Gate = _gate;
            running = (await client.JobAsync((await client.StartAsync(("response_format", "srt"))).Id(), "in_progress")).Id();
            queued = (await client.StartAsync(("metadata", """{"a":"b"}"""))).Id();
            events = await client.GetStringAsync($"{JobClient.Path}/{done}?stream=true", TestContext.Current.CancellationToken);
        }

        await using var after = Api();
        using var later = await after.ReadyClientAsync();
        Assert.Equal("Hello, world! Größe 10 --> 5 €.", (await later.JobAsync(done)).GetProperty("text").GetString());
        Assert.Equal(events, await later.GetStringAsync($"{JobClient.Path}/{done}?stream=true", TestContext.Current.CancellationToken));
        Assert.StartsWith("1\n00:00:00,000 --> ", (await later.JobAsync(running, "completed")).GetProperty("content").GetString());
        Assert.Equal("""{"a":"b"}""", (await later.JobAsync(queued, "completed")).GetProperty("metadata").GetRawText());
        Assert.Equal(3, (await later.GetJsonAsync(JobClient.Path)).GetProperty("data").GetArrayLength());
    }

    [Fact]
    public async Task Call_whose_job_is_handed_back_is_told_to_come_back_and_then_finds_it()
    {
        await using (var before = Api(("Jobs:JoinMinutes", "15")))
        {
            before.StartOnSocket();
            using var client = await before.ReadyClientAsync();
            before.Engine.Gate = _gate;
            using var form = TestApi.Form();
            var call = TestApi.PostAsync(client, form);
            await TestApi.WaitUntilAsync(() => Task.FromResult(before.Engine.Running == 1));
            before.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
            using var answer = await call;

            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.Equal(TimeSpan.FromSeconds(5), answer.Headers.RetryAfter?.Delta);
            Assert.Matches("^transcription_", Assert.Single(answer.Headers.GetValues("x-transcription-id")));
        }

        await using var after = Api(("Jobs:JoinMinutes", "15"));
        using var later = await after.ReadyClientAsync();
        Assert.Contains("Hello, world!", await TestApi.TranscribeAsync(later));
        Assert.Single((await later.GetJsonAsync(JobClient.Path)).GetProperty("data").EnumerateArray());
        Assert.Single(after.Engine.Asked);
    }

    TestApi Api(params (string Key, string Value)[] settings) => new([("Data:Folder", _folder), ("Engine:Concurrency", "1"), .. settings]);
}
