using SpeechEngine;
using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Transcriptions;

namespace TranscriptionApi.Tests.Jobs;

/// <summary>What the store promises, on both databases.</summary>
public sealed class JobStoreTests(PostgresServer postgres)
{
    static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(JobDatabases.Both), MemberType = typeof(JobDatabases))]
    public async Task A_job_is_accepted_claimed_and_finished_once(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var accepted = await jobs.Store.AcceptAsync([New()], new AcceptRules(10, 10, 1, null), Stop);
        var job = Assert.Single(accepted.Jobs);
        Assert.Equal(JobState.Queued, job.State);

        var claimed = await jobs.Store.ClaimAsync("me", anyLane: true, Lease, Stop);
        Assert.Equal(job.Id, claimed!.Id);
        Assert.Equal((JobState.Running, 1, 1L, "me"), (claimed.State, claimed.Attempt, claimed.Epoch, claimed.Worker));
        Assert.Null(await jobs.Store.ClaimAsync("you", anyLane: true, Lease, Stop));
        Assert.True(await jobs.Store.RenewAsync(claimed.Lease, Lease, Stop));
        var advance = new JobAdvance(0, [new SavedWindow(0, ScriptedEngine.Hello)], 2, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        Assert.True(await jobs.Store.SaveWindowsAsync(claimed.Lease, advance, Lease, Stop));
        Assert.True(await jobs.Store.SaveWindowsAsync(claimed.Lease, advance, Lease, Stop));
        Assert.Equal(ScriptedEngine.Hello.Segments[0].Text, Assert.Single(await jobs.Store.WindowsAsync(job.Id, Stop)).Window.Segments[0].Text);
        Assert.Equal(1, (await jobs.Store.FiguresAsync(Stop)).Single().Jobs);
        Assert.Equal(0, (await jobs.Store.AheadAsync(job, Stop)).Jobs);

        Assert.True(await jobs.Store.FinishAsync(claimed.Lease, [1, 2], 2, TimeSpan.FromSeconds(2), Stop));
        Assert.False(await jobs.Store.FinishAsync(claimed.Lease, [1, 2], 2, TimeSpan.FromSeconds(2), Stop));
        var done = await jobs.Store.FindAsync("owner", job.Id, Stop);
        Assert.Equal(JobState.Completed, done!.State);
        Assert.Equal([1, 2], await jobs.Store.TranscriptAsync(job.Id, Stop));
        Assert.Null(await jobs.Store.FindAsync("somebody else", job.Id, Stop));
        var due = Assert.Single(await new Outbox(jobs.Database).TakeDueAsync(10, [], Lease, Stop));
        Assert.Equal(("audio.transcription.completed", job.Id, 0L), (due.Type, due.JobId, due.Attempts));
        Assert.Equal(job.Id, (await jobs.Store.EraseAsync("owner", job.Id, Stop))!.Id);
        Assert.Null(await jobs.Store.FindAsync("owner", job.Id, Stop));
    }

    static NewJob New() => new()
    {
        Id = JobId.New(),
        Owner = "owner",
        Lane = Lane.Batch,
        Request = new JobRequest { Model = "alpha", Options = new TranscribeOptions { Keywords = ["a"] }, Format = "json", Layout = new Layout() },
        Fingerprint = "f",
        RequestHash = "r",
        Background = true,
        WebhookUrl = "https://example.com/hook",
        AudioPath = "ab/cd",
        AudioBytes = 100,
        AudioMs = 2000,
        AudioFormat = "wav",
    };
}
