using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Store;

namespace TranscriptionApi.Tests.Jobs.Store;

/// <summary>Whatever happens to a job is counted once, by whoever commits it, on both databases.</summary>
public sealed class JobCountTests(PostgresServer postgres)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<string> Both => JobDatabases.Both;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Every_end_of_a_job_is_counted_once(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        await EndAsync(jobs, claimed => jobs.FinishAsync(claimed));
        await EndAsync(jobs, claimed => jobs.Store.FailAsync(claimed.Lease, TestJobs.Error, Stop));
        await EndAsync(jobs, claimed => jobs.Store.CancelAsync(TestJobs.Owner, claimed.Id, Stop));
        await EndAsync(jobs, claimed => jobs.ReclaimAsync(TestJobs.Worker, maxCrashes: 1));
        await EndAsync(jobs, claimed => jobs.Store.EraseAsync(TestJobs.Owner, claimed.Id, Stop));
        await jobs.AcceptAsync(TestJobs.New(Lane.Batch, wantedFor: TimeSpan.Zero));
        await jobs.AcceptAsync(TestJobs.New(Lane.Batch));
        await jobs.AgeAsync(TimeSpan.FromHours(1));
        Assert.Equal(1, await jobs.Store.AbandonAsync(Stop));
        Assert.Equal(1, await jobs.Store.ExpireAsync(TimeSpan.FromMinutes(30), Stop));

        // Once more: nothing of it is done, nor counted.
        foreach (var job in await jobs.Store.ListAsync(TestJobs.Owner, new JobFilter(100, true, null, null, null, null), Stop))
        {
            Assert.False(await jobs.FinishAsync(job));
            Assert.False(await jobs.Store.FailAsync(job.Lease, TestJobs.Error, Stop));
            Assert.False(await jobs.Store.CancelAsync(TestJobs.Owner, job.Id, Stop));
            await jobs.Store.EraseAsync(TestJobs.Owner, job.Id, Stop);
        }

        Assert.Equal(default, await jobs.ReclaimAsync(TestJobs.Worker));
        Assert.Equal(
            [
                "transcription_jobs_accepted_total{lane=\"batch\"} 2",
                "transcription_jobs_accepted_total{lane=\"interactive\"} 5",
                "transcription_jobs_ended_total{code=\"internal_error\",lane=\"interactive\",state=\"failed\"} 2",
                "transcription_jobs_ended_total{lane=\"batch\",state=\"cancelled\"} 1",
                "transcription_jobs_ended_total{lane=\"batch\",state=\"expired\"} 1",
                "transcription_jobs_ended_total{lane=\"interactive\",state=\"cancelled\"} 2",
                "transcription_jobs_ended_total{lane=\"interactive\",state=\"completed\"} 1",
                "transcription_jobs_joined_total 0",
            ],
            Counted(jobs, "jobs"));
        Assert.Equal(
            [
                "transcription_attempts_total{outcome=\"completed\"} 1",
                "transcription_attempts_total{outcome=\"died\"} 1",
                "transcription_attempts_total{outcome=\"failed\"} 1",
            ],
            Counted(jobs, "attempts"));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Attempts_after_which_the_job_waits_again_are_counted_by_how_they_ended(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        await jobs.AcceptAsync();
        var first = await jobs.ClaimAsync();
        await jobs.RetryAsync(first);
        Assert.False(await jobs.RetryAsync(first));
        await jobs.ClaimAsync();
        await jobs.ReclaimAsync(TestJobs.Worker);
        await jobs.Store.HandBackAsync((await jobs.ClaimAsync()).Lease, Stop);

        Assert.Equal(
            [
                "transcription_attempts_total{outcome=\"died\"} 1",
                "transcription_attempts_total{outcome=\"handed_back\"} 1",
                "transcription_attempts_total{outcome=\"retried\"} 1",
            ],
            Counted(jobs, "attempts"));
        Assert.DoesNotContain(jobs.Metrics.Scrape(), line => line.StartsWith("transcription_jobs_ended_total{", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Requests_that_join_are_counted_and_refused_ones_are_not(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        await jobs.AcceptAsync(TestJobs.New(work: "same", key: "key"));
        foreach (var (again, rules, outcome) in new[]
        {
            (TestJobs.New(work: "same", key: "key"), TestJobs.Rules, Acceptance.Joined),
            (TestJobs.New(work: "same"), TestJobs.Rules, Acceptance.Joined),
            (TestJobs.New(work: "other", key: "key"), TestJobs.Rules, Acceptance.KeyReused),
            (TestJobs.New(), TestJobs.Rules with { MaxQueued = 1 }, Acceptance.Full),
        })
        {
            Assert.Equal(outcome, (await jobs.Store.AcceptAsync([again], rules, Stop)).Outcome);
        }

        Assert.Equal(["transcription_jobs_accepted_total{lane=\"interactive\"} 1", "transcription_jobs_joined_total 2"], Counted(jobs, "jobs"));
    }

    [Fact]
    public async Task What_is_not_committed_is_not_counted()
    {
        await using var jobs = await JobDatabases.OpenAsync(JobDatabases.Sqlite, postgres);
        var store = new JobStore(new FaultyDatabase(jobs.Database) { FailBefore = true }, jobs.Signals, jobs.Metrics.Jobs, TestStore.Keep);
        await jobs.AcceptAsync();
        var claimed = await jobs.ClaimAsync();

        await Assert.ThrowsAsync<FaultyDatabase.Broken>(() => store.AcceptAsync([TestJobs.New()], TestJobs.Rules, Stop));
        await Assert.ThrowsAsync<FaultyDatabase.Broken>(() => store.FinishAsync(claimed.Lease, [1], 1, default, Stop));

        Assert.Equal(["transcription_jobs_accepted_total{lane=\"interactive\"} 1", "transcription_jobs_joined_total 0"], Counted(jobs, "jobs"));
        Assert.Empty(Counted(jobs, "attempts"));
    }

    static async Task EndAsync(TestStore jobs, Func<Job, Task> end)
    {
        await jobs.AcceptAsync();
        await end(await jobs.ClaimAsync());
    }

    static IEnumerable<string> Counted(TestStore jobs, string what) =>
        jobs.Metrics.Scrape().Where(line => line.StartsWith($"transcription_{what}_", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
}
