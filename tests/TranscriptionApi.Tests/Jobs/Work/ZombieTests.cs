using Microsoft.Data.Sqlite;
using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Store;

namespace TranscriptionApi.Tests.Jobs.Work;

/// <summary>A worker that stands still for so long that its job is another's, and then goes on as if nothing had happened.</summary>
public sealed class ZombieTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Worker_that_was_stopped_past_its_lease_stores_nothing_of_that_job_and_goes_on_with_others()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Processes are stopped with a signal.");
        var audio = Recordings.Of(TimeSpan.FromMinutes(6));
        await using var folder = new ServerFolder();
        await using var server = await ServerProcess.StartAsync(folder, null, "--Jobs:WorkHere=false");
        await using var zombie = ServerProcess.Launch(folder, null, "worker");
        var asked = server.PostAsync(audio);
        await ServerProcess.WaitAsync(async () => (await folder.JobsAsync()) is [{ ProgressMs: > 0 }]);
        await StopAsync(zombie, folder);
        var stopped = Assert.Single(await folder.JobsAsync());
        Assert.Equal((JobState.Running, 1L), (stopped.State, stopped.Epoch));

        // Its lock is held, so only the lease can tell.
        string text;
        await using (var other = ServerProcess.Launch(folder, null, "worker"))
        {
            using var answer = await asked;
            text = await answer.Content.ReadAsStringAsync(Stop);
            Assert.Contains(other.Log, line => line.Contains("goes on at", StringComparison.Ordinal));
            other.Signal(Signal.Terminate);
            Assert.Equal(0, await other.EndAsync());
        }

        var stored = await folder.Store.TranscriptAsync(stopped.Id, Stop);
        zombie.Signal(Signal.Continue);
        await ServerProcess.WaitAsync(() => Task.FromResult(zombie.Log.Any(line => line.Contains($"The work on job {stopped.Id} stops", StringComparison.Ordinal))));

        Assert.Equal("Alice is going to the library tomorrow.", (await server.TranscribeAsync(Recordings.Sample)).Trim());
        var jobs = await folder.JobsAsync();
        Assert.All(jobs, job => Assert.Equal(JobState.Completed, job.State));
        Assert.Equal([2L, 1L], jobs.Select(job => job.Epoch));
        Assert.Equal(stored, await folder.Store.TranscriptAsync(stopped.Id, Stop));
        Assert.Equal(text.Trim(), (await folder.Store.ReadTranscriptAsync(stopped.Id, Stop))!.Text);
        Assert.Empty(await folder.Store.WindowsAsync(stopped.Id, Stop));
        await folder.CheckAsync(new JobInvariants { IsQuiet = true, MaxCrashes = 3, Completed = [.. jobs.Select(job => job.Id)] });
    }

    // Not in the middle of a write: it would hold the file against everybody, for as long as it stands still.
    static async Task StopAsync(ServerProcess process, ServerFolder folder)
    {
        while (true)
        {
            process.Signal(Signal.Stop);
            try
            {
                await folder.Store.KeepWantedAsync("nobody", TimeSpan.Zero, Stop);
                return;
            }
            catch (SqliteException error) when (JobStoreErrors.IsOutage(error))
            {
                process.Signal(Signal.Continue);
            }
        }
    }
}
