using System.Net;
using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Work;

namespace TranscriptionApi.Tests.Jobs.Work;

/// <summary>The program dies at every step of a job's way, and what it promised is kept by the next one.</summary>
public sealed class CheckpointTests
{
    static readonly byte[] Long = Recordings.Of(TimeSpan.FromMinutes(6));

    public static TheoryData<int> Places => [.. Checkpoint.All];

    [Theory]
    [MemberData(nameof(Places))]
    public async Task Job_survives_the_death_of_its_process_and_ends_once(int place)
    {
        await using var folder = new ServerFolder();
        var isAtStop = place is Checkpoint.Draining or Checkpoint.HandedBack;
        var audio = isAtStop || place == Checkpoint.WindowsSaved ? Long : Recordings.Sample;
        await DieAsync(folder, place, audio, isAtStop);

        // As if an hour had passed.
        Array.ForEach(folder.Files("audio"), path => File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddHours(-2)));
        await using var next = await ServerProcess.StartAsync(folder);
        await ServerProcess.WaitAsync(async () => (await folder.JobsAsync()).All(job => job.State.IsEnd()) && folder.Files("audio").Length == 0);

        var jobs = await folder.JobsAsync();
        if (place == Checkpoint.AudioTaken)
        {
            Assert.Empty(jobs);
        }
        else
        {
            var job = Assert.Single(jobs);
            Assert.Equal(JobState.Completed, job.State);
            var transcript = JobJson.Read((await folder.Store.TranscriptAsync(job.Id, TestContext.Current.CancellationToken))!, JobJson.Kept.Transcript);
            Assert.Equal((await next.TranscribeAsync(audio)).Trim(), transcript.Text);
        }

        await ServerProcess.WaitAsync(() => Task.FromResult(folder.Files("instances").Length == 1 && folder.Files("audio").Length == 0));
        Assert.Empty(folder.Files("uploads"));
        Assert.Single(Directory.GetDirectories(Path.Combine(folder.Path, "uploads")));
        Assert.All(await folder.JobsAsync(), job => Assert.Null(job.AudioPath));
        await folder.CheckAsync(new JobInvariants { IsQuiet = true, MaxCrashes = 3, Completed = [.. jobs.Select(job => job.Id)] });
    }

    static async Task DieAsync(ServerFolder folder, int place, byte[] audio, bool isAtStop)
    {
        await using var server = await ServerProcess.StartAsync(folder, $"{place}");
        var asked = server.PostAsync(audio);
        if (isAtStop)
        {
            await ServerProcess.WaitAsync(async () => (await folder.JobsAsync()).Any(job => job.ProgressMs > 0));
            server.Signal(Signal.Terminate);
        }

        Assert.Equal(128 + (int)Signal.Kill, await server.EndAsync());
        try
        {
            // After the end was stored the answer may have been quicker than the death.
            using var answer = await asked;
            Assert.True(answer.StatusCode == HttpStatusCode.OK && place is Checkpoint.Finished or Checkpoint.AudioDeleted || isAtStop);
        }
        catch (HttpRequestException)
        {
            // Nobody was left to answer.
        }
    }
}
