using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Store;

namespace TranscriptionApi.Tests.Jobs.Store;

/// <summary>What workers are given and what of theirs is stored, on both databases.</summary>
public sealed class JobWorkTests(PostgresServer postgres)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<string> Both => JobDatabases.Both;

    [Theory]
    [MemberData(nameof(JobDatabases.Both), MemberType = typeof(JobDatabases))]
    public async Task Saving_the_same_windows_again_changes_nothing(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var claimed = (await jobs.AcceptAsync(), await jobs.ClaimAsync()).Item2;
        var first = new JobAdvance(0, [new SavedWindow(0, ScriptedEngine.Hello), new SavedWindow(0, ScriptedEngine.Hello)], 4, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        var second = new JobAdvance(2, [new SavedWindow(1, ScriptedEngine.Hello)], 6, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2));

        foreach (var advance in new[] { first, second, second })
        {
            Assert.True(jobs.Store.SaveWindows(claimed.Lease, advance, TestJobs.Lease));
        }

        Assert.Equal([0, 0, 1], (await jobs.Store.WindowsAsync(claimed.Id, Stop)).Select(window => window.Channel));
        Assert.Equal(6, (await jobs.FindAsync(claimed.Id)).Segments);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_job_is_claimed_worked_on_and_finished_once(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var job = await jobs.AcceptAsync();
        var claimed = await jobs.ClaimAsync();
        Assert.Equal((job.Id, JobState.Running, 1, 1L, TestJobs.Worker), (claimed.Id, claimed.State, claimed.Attempt, claimed.Epoch, claimed.Worker));
        Assert.Null(await jobs.TryClaimAsync("another"));

        Assert.True(await jobs.SaveAsync(claimed, windows: 2));
        Assert.True(await jobs.SaveAsync(claimed, windows: 0));
        Assert.True(await jobs.SaveAsync(claimed));
        var windows = await jobs.Store.WindowsAsync(job.Id, Stop);
        Assert.Equal(3, windows.Count);
        Assert.Equivalent(ScriptedEngine.Hello, windows[2].Window, strict: true);
        var found = await jobs.FindAsync(job.Id);
        Assert.Equal((30_000, 60_000, 3 * ScriptedEngine.Hello.Segments.Count), (found.ProgressMs, found.AudioMs, found.Segments));

        Assert.True(await jobs.FinishAsync(claimed));
        Assert.False(await jobs.FinishAsync(claimed));
        var done = await jobs.FindAsync(job.Id);
        Assert.Equal((JobState.Completed, 61_000L, 61_000L, 2, null), (done.State, done.AudioMs, done.ProgressMs, done.Segments, done.Worker));
        Assert.Equal((long)TestStore.Keep.TotalMilliseconds, done.ExpiresAt - done.EndedAt);
        Assert.Equal([1, 2, 3], await jobs.Store.TranscriptAsync(job.Id, Stop));
        Assert.Empty(await jobs.Store.WindowsAsync(job.Id, Stop));
        await jobs.CheckAsync(new JobInvariants { Acknowledged = [job.Id], Completed = [job.Id], IsQuiet = true });
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task The_reader_of_the_tables_finds_what_is_wrong(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var job = await jobs.AcceptAsync();
        await jobs.FinishAsync(await jobs.ClaimAsync());
        await jobs.ExecuteAsync("UPDATE transcripts SET epoch = 7");
        await jobs.ExecuteAsync("DELETE FROM webhooks");
        var broken = await jobs.ReadAsync(connection => new JobInvariants { Acknowledged = ["lost"], Cancelled = [job.Id] }.BrokenAsync(connection));

        Assert.Equal(["I3 a transcript of a stale worker", "I9 an end that nobody will be told", "I1 accepted and gone", "I6 cancelled, and then something else"], broken.Select(line => line.Split(':')[0]));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Whoever_waits_goes_first_then_the_order_of_acceptance(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var batch = await jobs.AcceptAsync(TestJobs.New(Lane.Batch));
        var later = await jobs.AcceptAsync(TestJobs.New(Lane.Batch));
        var first = await jobs.AcceptAsync();
        var second = await jobs.AcceptAsync();

        Assert.Equal([first.Id, second.Id, batch.Id, later.Id], await ClaimAllAsync(jobs));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_batch_job_that_waited_for_a_quarter_of_an_hour_is_not_passed_by(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var earlier = await jobs.AcceptAsync();
        var old = await jobs.AcceptAsync(TestJobs.New(Lane.Batch));
        await jobs.AgeAsync(TimeSpan.FromMinutes(16));
        var batch = await jobs.AcceptAsync(TestJobs.New(Lane.Batch));
        var interactive = await jobs.AcceptAsync();

        Assert.Equal([earlier.Id, old.Id, interactive.Id, batch.Id], await ClaimAllAsync(jobs));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_worker_for_those_who_wait_takes_no_batch_job(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        await jobs.AcceptAsync(TestJobs.New(Lane.Batch));
        await jobs.AgeAsync(TimeSpan.FromMinutes(16));
        Assert.Null(await jobs.TryClaimAsync(anyLane: false));
        var job = await jobs.AcceptAsync();
        Assert.Equal(job.Id, (await jobs.TryClaimAsync(anyLane: false))!.Id);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_retry_waits_keeps_its_windows_and_its_error_and_counts_the_attempt(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var job = await jobs.AcceptAsync();
        var claimed = await jobs.ClaimAsync();
        await jobs.SaveAsync(claimed);
        Assert.True(await jobs.RetryAsync(claimed, TimeSpan.FromMinutes(1)));

        Assert.Null(await jobs.TryClaimAsync());
        Assert.Equal(TestJobs.Error, (await jobs.FindAsync(job.Id)).ReadError());
        await jobs.AgeAsync(TimeSpan.FromSeconds(61));
        var again = await jobs.ClaimAsync();
        Assert.Equal((job.Id, 2, 2L, claimed.StartedAt - 61_000), (again.Id, again.Attempt, again.Epoch, again.StartedAt));
        Assert.Single(await jobs.Store.WindowsAsync(job.Id, Stop));
        Assert.True(await jobs.Store.FailAsync(again.Lease, TestJobs.Error with { Code = "last" }, Stop));
        var failed = await jobs.FindAsync(job.Id);
        Assert.Equal((JobState.Failed, "last"), (failed.State, failed.ReadError()!.Code));
        Assert.Empty(await jobs.Store.WindowsAsync(job.Id, Stop));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_job_that_is_handed_back_goes_to_its_old_place_and_the_attempt_does_not_count(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var job = await jobs.AcceptAsync();
        await jobs.AcceptAsync();
        var claimed = await jobs.ClaimAsync();
        await jobs.SaveAsync(claimed);
        Assert.True(await jobs.Store.HandBackAsync(claimed.Lease, Stop));
        Assert.False(await jobs.Store.HandBackAsync(claimed.Lease, Stop));

        var again = await jobs.ClaimAsync();
        Assert.Equal((job.Id, 1, 2L, 0), (again.Id, again.Attempt, again.Epoch, again.Crashes));
        Assert.Single(await jobs.Store.WindowsAsync(job.Id, Stop));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Nothing_of_a_worker_that_was_given_up_is_stored(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var job = await jobs.AcceptAsync();
        var stale = await jobs.ClaimAsync("zombie");
        await jobs.SaveAsync(stale);
        await jobs.AgeAsync(TimeSpan.FromSeconds(31));
        Assert.Equal(new Reclaimed(1, 0), await jobs.ReclaimAsync());
        await NothingWorksAsync();
        var claimed = await jobs.ClaimAsync("another");
        await NothingWorksAsync();

        Assert.True(await jobs.FinishAsync(claimed));
        await NothingWorksAsync();
        Assert.Equal(JobState.Completed, await jobs.StateAsync(job.Id));

        async Task NothingWorksAsync()
        {
            Assert.False(jobs.Store.Renew(stale.Lease, TestJobs.Lease));
            Assert.False(await jobs.SaveAsync(stale));
            Assert.False(await jobs.FinishAsync(stale));
            Assert.False(await jobs.RetryAsync(stale));
            Assert.False(await jobs.Store.FailAsync(stale.Lease, TestJobs.Error, Stop));
            Assert.False(await jobs.Store.HandBackAsync(stale.Lease, Stop));
        }
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_lease_that_is_renewed_does_not_run_out(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        await jobs.AcceptAsync();
        var claimed = await jobs.ClaimAsync();
        for (var beat = 0; beat < 3; beat++)
        {
            await jobs.AgeAsync(TimeSpan.FromSeconds(20));
            Assert.True(beat == 1 ? await jobs.SaveAsync(claimed) : jobs.Store.Renew(claimed.Lease, TestJobs.Lease));
            Assert.Equal(default, await jobs.ReclaimAsync());
        }
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Many_claimers_at_once_never_get_the_same_job_and_miss_none(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        const int Count = 120;
        await jobs.Store.AcceptAsync([.. Enumerable.Range(0, Count).Select(number => TestJobs.New(number % 2 == 0 ? Lane.Batch : Lane.Interactive))], TestJobs.Rules, Stop);

        var claimed = await Task.WhenAll(Enumerable.Range(0, 12).Select(worker => Task.Run(async () =>
        {
            var mine = new List<string>();
            while (await jobs.TryClaimAsync($"worker {worker}") is { } job)
            {
                mine.Add(job.Id);
            }

            return mine;
        })));

        // One that found nothing because the others held the last rows has stopped early; nothing may be left for all that.
        var ids = claimed.SelectMany(mine => mine).Concat(await ClaimAllAsync(jobs)).ToList();
        Assert.Equal(Count, ids.Count);
        Assert.Equal(Count, ids.Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Windows_of_two_channels_keep_their_order_and_values(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var job = await jobs.AcceptAsync();
        var claimed = await jobs.ClaimAsync();
        var given = Enumerable.Range(0, 5).Select(number => new SavedWindow(number % 2, ScriptedEngine.Hello with { Position = TimeSpan.FromTicks(number + 1) })).ToList();
        await jobs.Store.SaveWindowsAsync(claimed.Lease, given, TimeSpan.Zero, TimeSpan.Zero, TestJobs.Lease, Stop);

        Assert.Equivalent(given, await jobs.Store.WindowsAsync(job.Id, Stop), strict: true);
    }

    static async Task<List<string>> ClaimAllAsync(TestStore jobs)
    {
        var ids = new List<string>();
        while (await jobs.TryClaimAsync() is { } job)
        {
            ids.Add(job.Id);
        }

        return ids;
    }
}
