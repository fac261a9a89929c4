using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Work;

namespace TranscriptionApi.Tests.Jobs.Work;

/// <summary>Processes that die, stop and help each other.</summary>
public sealed class RecoveryTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Job_killed_at_60_percent_goes_on_after_its_last_saved_window_and_ends_with_the_same_text()
    {
        var audio = Recordings.Of(TimeSpan.FromMinutes(30));
        await using var folder = new ServerFolder();
        await using var first = await ServerProcess.StartAsync(folder);
        var undisturbed = (await first.TranscribeAsync(audio)).Trim();
        var windows = 0;
        var asked = first.PostAsync(audio);
        await ServerProcess.WaitAsync(async () => (await folder.JobsAsync()) is [_, var job] && job.ProgressMs > job.AudioMs * 0.6);

        first.Signal(Signal.Kill);
        await first.EndAsync();
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => asked);
        var killed = (await folder.JobsAsync())[1];
        windows = (await folder.Store.WindowsAsync(killed.Id, Stop)).Count;
        await using var second = await ServerProcess.StartAsync(folder);
        await ServerProcess.WaitAsync(async () => (await folder.JobsAsync())[1].State == JobState.Completed);

        var transcript = JobJson.Read((await folder.Store.TranscriptAsync(killed.Id, Stop))!, JobJson.Kept.Transcript);
        Assert.Equal(undisturbed, transcript.Text);
        var resumed = Assert.Single(second.Log, line => line.Contains("goes on at", StringComparison.Ordinal));
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"after {windows} saved windows"), resumed);
        var from = double.Parse(Regex.Match(resumed, @"(?<=goes on at )[\d.]+").Value, CultureInfo.InvariantCulture);
        Assert.InRange(from, killed.AudioMs * 0.6 / 1000, killed.AudioMs / 1000.0);
    }

    [Fact]
    public async Task Worker_process_does_the_jobs_of_a_server_that_does_none()
    {
        await using var folder = new ServerFolder();
        await using var server = await ServerProcess.StartAsync(folder, null, "--Jobs:WorkHere=false");
        await using var worker = ServerProcess.Launch(folder, null, "worker");

        Assert.Equal("Alice is going to the library tomorrow.", (await server.TranscribeAsync(Recordings.Sample)).Trim());

        worker.Signal(Signal.Terminate);
        Assert.Equal(0, await worker.EndAsync());
    }

    [Fact]
    public async Task Job_of_a_killed_worker_is_taken_over_by_another_at_once()
    {
        var audio = Recordings.Of(TimeSpan.FromMinutes(6));
        await using var folder = new ServerFolder();

        // A lease that would run out long after this test.
        await using var server = await ServerProcess.StartAsync(folder, null, "--Jobs:WorkHere=false", "--Jobs:LeaseSeconds=600");
        await using var first = ServerProcess.Launch(folder, null, "worker", "--Jobs:LeaseSeconds=600");
        var asked = server.PostAsync(audio);
        await ServerProcess.WaitAsync(async () => (await folder.JobsAsync()) is [{ ProgressMs: > 0 }]);

        first.Signal(Signal.Kill);
        await using var second = ServerProcess.Launch(folder, null, "worker", "--Jobs:LeaseSeconds=600");
        using var answer = await asked;

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains(second.Log, line => line.Contains("goes on at", StringComparison.Ordinal));
        await folder.CheckAsync(new JobInvariants { IsQuiet = true, MaxCrashes = 3 });
    }

    [Fact]
    public async Task Second_server_on_a_data_folder_refuses_to_start()
    {
        await using var folder = new ServerFolder();
        await using var first = await ServerProcess.StartAsync(folder);
        await using var second = ServerProcess.Launch(folder, null);

        Assert.Equal(1, await second.EndAsync());
        await ServerProcess.WaitAsync(() => Task.FromResult(second.Log.Any(line => line.Contains("Data:Folder", StringComparison.Ordinal))));
        Assert.Equal("Alice is going to the library tomorrow.", (await first.TranscribeAsync(Recordings.Sample)).Trim());
    }

    [Fact]
    public async Task Stopping_server_lets_jobs_finish_refuses_new_ones_and_ends_with_0()
    {
        await using var folder = new ServerFolder();
        await using var server = await ServerProcess.StartAsync(folder, null, "--Jobs:DrainSeconds=100");
        var asked = server.PostAsync(Recordings.Of(TimeSpan.FromMinutes(10)));
        await ServerProcess.WaitAsync(async () => (await folder.JobsAsync()) is [{ State: JobState.Running }]);

        server.Signal(Signal.Terminate);
        await ServerProcess.WaitAsync(async () => (await server.Client.GetStringAsync("/health", Stop)).Contains("\"draining\"", StringComparison.Ordinal));
        using var ready = await server.Client.GetAsync("/readyz", Stop);
        using var refused = await server.PostAsync(Recordings.Sample);
        using var answer = await asked;

        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(0, await server.EndAsync());
        Assert.Single(await folder.JobsAsync());
    }

    [Theory]
    [InlineData(15)]
    [InlineData(2)]
    public async Task Second_signal_ends_a_server_that_waits_for_its_jobs(int signal)
    {
        await using var folder = new ServerFolder();
        await using var server = await ServerProcess.StartAsync(folder, null, "--Jobs:DrainSeconds=3000");
        var asked = server.PostAsync(Recordings.Of(TimeSpan.FromMinutes(30)));
        await ServerProcess.WaitAsync(async () => (await folder.JobsAsync()) is [{ State: JobState.Running }]);
        server.Signal((Signal)signal);
        await ServerProcess.WaitAsync(async () => (await server.Client.GetStringAsync("/health", Stop)).Contains("\"draining\"", StringComparison.Ordinal));

        server.Signal((Signal)signal);

        Assert.Equal(128 + signal, await server.EndAsync());
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => asked);
        Assert.Equal(JobState.Running, Assert.Single(await folder.JobsAsync()).State);
    }

    [Fact]
    public async Task Job_that_does_not_finish_in_time_is_handed_back_with_its_windows_and_without_an_attempt()
    {
        await using var folder = new ServerFolder();
        await using var server = await ServerProcess.StartAsync(folder);
        var asked = server.PostAsync(Recordings.Of(TimeSpan.FromMinutes(10)));
        await ServerProcess.WaitAsync(async () => (await folder.JobsAsync()) is [{ ProgressMs: > 0 }]);

        server.Signal(Signal.Terminate);
        using var answer = await asked;

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
        Assert.Equal(0, await server.EndAsync());
        var job = Assert.Single(await folder.JobsAsync());
        Assert.Equal((JobState.Queued, 0, 0), (job.State, job.Attempt, job.Crashes));
        Assert.NotEmpty(await folder.Store.WindowsAsync(job.Id, Stop));
        Assert.Single(folder.Files("audio"));
    }

    [Fact]
    public async Task Job_over_which_workers_die_is_given_up()
    {
        await using var folder = new ServerFolder();
        await using (var first = await ServerProcess.StartAsync(folder, $"{Checkpoint.Decoded}", "--Jobs:MaxCrashes=2"))
        {
            var asked = first.PostAsync(Recordings.Sample);
            Assert.Equal(128 + (int)Signal.Kill, await first.EndAsync());
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => asked);
        }

        await using (var second = ServerProcess.Launch(folder, $"{Checkpoint.Decoded}", "--Jobs:MaxCrashes=2"))
        {
            Assert.Equal(128 + (int)Signal.Kill, await second.EndAsync());
        }

        await using var last = await ServerProcess.StartAsync(folder, null, "--Jobs:MaxCrashes=2");

        var job = Assert.Single(await folder.JobsAsync());
        Assert.Equal(JobState.Failed, job.State);
        Assert.Equal("worker_died", job.ReadError()?.Code);
        await ServerProcess.WaitAsync(() => Task.FromResult(folder.Files("audio").Length == 0));
    }
}
