using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Store;

namespace TranscriptionApi.Tests.Jobs.Store;

/// <summary>Dead workers, cancelled, unwanted, late, old and erased jobs, on both databases.</summary>
public sealed class JobUpkeepTests(PostgresServer postgres)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<string> Both => JobDatabases.Both;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Jobs_of_a_dead_worker_go_on_elsewhere_at_once(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var job = await jobs.AcceptAsync();
        await jobs.AcceptAsync();
        await jobs.SaveAsync(await jobs.ClaimAsync("dead"));
        await jobs.ClaimAsync("alive");
        Assert.Equal(["alive", "dead"], (await jobs.Store.WorkersAsync(Stop)).Order());

        Assert.Equal(new Reclaimed(1, 0), await jobs.ReclaimAsync("dead"));
        Assert.Equal(["alive"], await jobs.Store.WorkersAsync(Stop));
        var again = await jobs.ClaimAsync();
        Assert.Equal((job.Id, 2, 1), (again.Id, again.Attempt, again.Crashes));
        Assert.Single(await jobs.Store.WindowsAsync(job.Id, Stop));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_job_whose_workers_die_without_coming_forward_is_given_up(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var job = await jobs.AcceptAsync();
        await DieAsync(windows: 0);
        await DieAsync(windows: 0);
        Assert.Equal(2, (await jobs.FindAsync(job.Id)).Crashes);

        // A saved window is a step forward; a call without one is not.
        await DieAsync(windows: 1);
        Assert.Equal((JobState.Queued, 1), (await jobs.StateAsync(job.Id), (await jobs.FindAsync(job.Id)).Crashes));
        await DieAsync(windows: 0);
        Assert.Equal(new Reclaimed(0, 1), await DieAsync(windows: 0));
        var failed = await jobs.FindAsync(job.Id);
        Assert.Equal((JobState.Failed, TestJobs.Error, 3), (failed.State, failed.ReadError(), failed.Crashes));
        await jobs.CheckAsync(new JobInvariants { Acknowledged = [job.Id], MaxCrashes = 3, IsQuiet = true });

        async Task<Reclaimed> DieAsync(int windows)
        {
            await jobs.AgeAsync(JobStore.SuspectPause);
            var claimed = await jobs.ClaimAsync();
            await jobs.SaveAsync(claimed, windows);
            await jobs.AgeAsync(TimeSpan.FromSeconds(31));
            return await jobs.ReclaimAsync();
        }
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Jobs_over_which_workers_die_let_those_behind_them_go_first(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        foreach (var _ in Enumerable.Range(0, 3))
        {
            await jobs.AcceptAsync();
        }

        var good = await jobs.AcceptAsync();
        for (var death = 0; death < 6; death++)
        {
            Assert.NotEqual(good.Id, (await jobs.ClaimAsync()).Id);
            Assert.Equal(new Reclaimed(1, 0), await jobs.ReclaimAsync(TestJobs.Worker));
        }

        Assert.Equal(good.Id, (await jobs.ClaimAsync()).Id);
        Assert.True(await jobs.FinishAsync(await jobs.FindAsync(good.Id)));
        Assert.Null(await jobs.TryClaimAsync());
        await jobs.AgeAsync(JobStore.SuspectPause);
        for (var death = 0; death < 3; death++)
        {
            await jobs.ClaimAsync();
            Assert.Equal(new Reclaimed(0, 1), await jobs.ReclaimAsync(TestJobs.Worker));
        }
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task More_dead_jobs_than_one_call_takes_are_taken_by_the_next(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        await jobs.Store.AcceptAsync([.. Enumerable.Range(0, 150).Select(_ => TestJobs.New())], TestJobs.Rules, Stop);
        await jobs.ExecuteAsync("UPDATE jobs SET state = 'running', worker = 'dead', epoch = 1, attempt = 1, lease_until = 1, started_at = created_at");

        Assert.Equal(new Reclaimed(100, 0), await jobs.ReclaimAsync());
        Assert.Equal(new Reclaimed(50, 0), await jobs.ReclaimAsync());
        Assert.Equal(default, await jobs.ReclaimAsync());
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_cancelled_job_has_ended_for_everybody_at_once(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var waiting = await jobs.AcceptAsync();
        var running = await jobs.AcceptAsync();
        var first = await jobs.ClaimAsync();
        Assert.Equal(waiting.Id, first.Id);
        await jobs.SaveAsync(first);
        Assert.False(await jobs.Store.CancelAsync("somebody else", running.Id, Stop));
        Assert.True(await jobs.Store.CancelAsync(TestJobs.Owner, running.Id, Stop));
        Assert.True(await jobs.Store.CancelAsync(TestJobs.Owner, waiting.Id, Stop));
        Assert.False(await jobs.Store.CancelAsync(TestJobs.Owner, waiting.Id, Stop));

        Assert.False(await jobs.FinishAsync(first));
        Assert.Null(await jobs.TryClaimAsync());
        Assert.Empty(await jobs.Store.WindowsAsync(waiting.Id, Stop));
        await jobs.CheckAsync(new JobInvariants { Acknowledged = [waiting.Id, running.Id], Cancelled = [waiting.Id, running.Id], IsQuiet = true });
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_job_that_nobody_waits_for_is_given_up_and_others_are_not(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var unwanted = await jobs.AcceptAsync(TestJobs.New(wantedFor: TimeSpan.FromMinutes(5)));
        var alsoUnwanted = await jobs.AcceptAsync(TestJobs.New(wantedFor: TimeSpan.FromMinutes(5)));
        var wanted = await jobs.AcceptAsync(TestJobs.New(wantedFor: TimeSpan.FromMinutes(5)));
        var endless = await jobs.AcceptAsync();
        await jobs.ClaimAsync();
        await jobs.AgeAsync(TimeSpan.FromMinutes(4));
        Assert.Equal(0, await jobs.Store.AbandonAsync(Stop));
        await jobs.Store.KeepWantedAsync(wanted.Id, TimeSpan.FromMinutes(5), Stop);
        await jobs.Store.KeepWantedAsync(endless.Id, TimeSpan.FromMinutes(5), Stop);
        await jobs.AgeAsync(TimeSpan.FromMinutes(2));

        Assert.Equal(2, await jobs.Store.AbandonAsync(Stop));
        Assert.Equal((JobState.Cancelled, JobState.Cancelled), (await jobs.StateAsync(unwanted.Id), await jobs.StateAsync(alsoUnwanted.Id)));
        Assert.Equal((JobState.Queued, JobState.Queued), (await jobs.StateAsync(wanted.Id), await jobs.StateAsync(endless.Id)));
        Assert.Null((await jobs.FindAsync(endless.Id)).WantedUntil);
        await jobs.AgeAsync(TimeSpan.FromDays(2));
        Assert.Equal(1, await jobs.Store.AbandonAsync(Stop));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_job_that_was_not_begun_in_time_expires_and_one_that_was_does_not(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var begun = await jobs.AcceptAsync();
        await jobs.RetryAsync(await jobs.ClaimAsync());
        await jobs.Store.AcceptAsync([.. Enumerable.Range(0, 205).Select(_ => TestJobs.New())], TestJobs.Rules, Stop);
        await jobs.AgeAsync(TimeSpan.FromHours(2));
        var young = await jobs.AcceptAsync();

        Assert.Equal(0, await jobs.Store.ExpireAsync(TimeSpan.FromHours(3), Stop));
        Assert.Equal(205, await jobs.Store.ExpireAsync(TimeSpan.FromHours(1), Stop));
        Assert.Equal((JobState.Queued, JobState.Queued), (await jobs.StateAsync(begun.Id), await jobs.StateAsync(young.Id)));
        Assert.Equal(205, await jobs.CountAsync("webhooks"));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task An_erased_job_leaves_nothing_and_its_worker_is_worthless(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var job = await jobs.AcceptAsync();
        var claimed = await jobs.ClaimAsync();
        await jobs.SaveAsync(claimed);
        Assert.Null(await jobs.Store.EraseAsync("somebody else", job.Id, Stop));
        using var watch = jobs.Signals.WatchJob(job.Id);

        Assert.Equal(new SpentAudio(job.Id, job.AudioPath!), await jobs.Store.EraseAsync(TestJobs.Owner, job.Id, Stop));
        await watch.NextAsync(Timeout.InfiniteTimeSpan, Stop);
        Assert.Null(await jobs.Store.EraseAsync(TestJobs.Owner, job.Id, Stop));
        Assert.False(await jobs.FinishAsync(claimed));
        Assert.False(await jobs.SaveAsync(claimed));
        Assert.Null(await jobs.Store.FindAsync(job.Id, Stop));
        foreach (var table in new[] { "jobs", "windows", "transcripts", "webhooks", "webhook_attempts" })
        {
            Assert.Equal(0, await jobs.CountAsync(table));
        }
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Ended_jobs_are_erased_when_their_time_is_over_with_all_that_hangs_on_them(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        await jobs.Store.AcceptAsync([.. Enumerable.Range(0, 120).Select(_ => TestJobs.New())], TestJobs.Rules, Stop);
        for (var number = 0; number < 110; number++)
        {
            await jobs.FinishAsync(await jobs.ClaimAsync());
        }

        var outbox = new Outbox(jobs.Database);
        var due = (await outbox.TakeDueAsync(1, [], TestJobs.Lease, Stop)).Single();
        await outbox.RecordAsync(due, new WebhookOutcome(500, null, TimeSpan.FromSeconds(1), IsDelivered: false, TimeSpan.FromMinutes(1)), Stop);
        await jobs.AgeAsync(TestStore.Keep - TimeSpan.FromMinutes(10));
        Assert.Equal(0, await jobs.Store.EraseExpiredAsync(Stop));
        await jobs.AgeAsync(TimeSpan.FromMinutes(11));

        Assert.Equal(110, await jobs.Store.EraseExpiredAsync(Stop));
        Assert.Equal(10, await jobs.CountAsync("jobs"));
        Assert.Equal((0, 0, 0), (await jobs.CountAsync("transcripts"), await jobs.CountAsync("webhooks"), await jobs.CountAsync("webhook_attempts")));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Audio_is_needed_until_the_job_ends_and_then_told_until_it_is_forgotten(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var job = await jobs.AcceptAsync();
        Assert.True(await jobs.Store.NeedsAudioAsync(job.AudioPath!, Stop));
        Assert.False(await jobs.Store.NeedsAudioAsync("another/file", Stop));
        await jobs.ClaimAsync();
        Assert.Empty(await jobs.Store.SpentAudioAsync(Stop));
        await jobs.Store.CancelAsync(TestJobs.Owner, job.Id, Stop);

        Assert.False(await jobs.Store.NeedsAudioAsync(job.AudioPath!, Stop));
        Assert.Equal([new SpentAudio(job.Id, job.AudioPath!)], await jobs.Store.SpentAudioAsync(Stop));
        await jobs.Store.ForgetAudioAsync(job.Id, Stop);
        Assert.Empty(await jobs.Store.SpentAudioAsync(Stop));
        Assert.Null((await jobs.FindAsync(job.Id)).AudioPath);
    }
}
