using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Store;

namespace TranscriptionApi.Tests.Jobs.Store;

/// <summary>What is accepted, joined and refused, on both databases.</summary>
public sealed class JobAcceptTests(PostgresServer postgres)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<string> Both => JobDatabases.Both;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_job_is_stored_as_it_was_given(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var given = TestJobs.New(Lane.Batch, key: "key", wantedFor: TimeSpan.FromMinutes(5), background: true) with { Batch = "batch_1", Metadata = """{"a":"b"}""", Trace = "00-trace" };
        var job = await jobs.AcceptAsync(given);
        var found = await jobs.Store.FindAsync(TestJobs.Owner, given.Id, Stop);

        Assert.Equivalent(job, found, strict: true);
        Assert.Equal((given.Id, given.Owner, given.Lane, JobState.Queued), (job.Id, job.Owner, job.Lane, job.State));
        Assert.Equal((given.Fingerprint, given.RequestHash, "key", "batch_1"), (job.Fingerprint, job.RequestHash, job.IdempotencyKey, job.Batch));
        Assert.Equal((true, given.Metadata, given.WebhookUrl, "00-trace"), (job.Background, job.Metadata, job.WebhookUrl, job.Trace));
        Assert.Equal((given.AudioPath, 100L, 60_000L, "wav"), (job.AudioPath, job.AudioBytes, job.AudioMs, job.AudioFormat));
        Assert.Equal((0, 0, 0L, null, 0L, 0L), (job.Attempt, job.Crashes, job.Epoch, job.Worker, job.LeaseUntil, job.NotBefore));
        Assert.Equal(300_000, job.WantedUntil - job.CreatedAt);
        Assert.Equal(("alpha", "alpha", "json"), (job.Model, job.ReadRequest().Model, job.ReadRequest().Format));
        Assert.InRange(await jobs.Store.NowAsync(Stop) - job.CreatedAt, 0, 60_000);
        Assert.Null(await jobs.Store.FindAsync("somebody else", given.Id, Stop));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task The_same_work_is_joined_while_it_waits_runs_and_for_a_while_after(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var job = await jobs.AcceptAsync(TestJobs.New(work: "same"));
        Assert.Equal(job.Id, await JoinAsync());
        var claimed = await jobs.ClaimAsync();
        Assert.Equal(job.Id, await JoinAsync());
        await jobs.FinishAsync(claimed);
        Assert.Equal(job.Id, await JoinAsync());
        await jobs.AgeAsync(TimeSpan.FromMinutes(16));
        Assert.NotEqual(job.Id, await JoinAsync());

        async Task<string> JoinAsync() => (await jobs.Store.AcceptAsync([TestJobs.New(work: "same")], TestJobs.Rules, Stop)).Jobs[0].Id;
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Nobody_joins_another_owner_a_failed_job_or_against_the_rules(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        await jobs.AcceptAsync(TestJobs.New(work: "same"));

        Assert.Equal(Acceptance.Accepted, await AcceptAsync(TestJobs.New(work: "same") with { Owner = "another" }));
        Assert.Equal(Acceptance.Accepted, await AcceptAsync(TestJobs.New(work: "same"), TestJobs.Rules with { Join = null }));
        Assert.Equal(Acceptance.Accepted, await AcceptAsync(TestJobs.New(work: "same", key: "a name of its own")));
        Assert.Equal(Acceptance.Accepted, await AcceptAsync(TestJobs.New(work: "same", background: true)));

        await jobs.AcceptAsync(TestJobs.New(work: "bad"));
        for (var job = await jobs.ClaimAsync(); ; job = await jobs.ClaimAsync())
        {
            await jobs.Store.FailAsync(job.Lease, TestJobs.Error, Stop);
            if (job.Fingerprint == "bad")
            {
                break;
            }
        }

        Assert.Equal(Acceptance.Accepted, await AcceptAsync(TestJobs.New(work: "bad")));

        async Task<Acceptance> AcceptAsync(NewJob job, AcceptRules? rules = null) => (await jobs.Store.AcceptAsync([job], rules ?? TestJobs.Rules, Stop)).Outcome;
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_job_in_the_background_is_joined_by_its_own_repetition_only(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var job = await jobs.AcceptAsync(TestJobs.New(work: "same", background: true));

        var repeated = await jobs.Store.AcceptAsync([TestJobs.New(work: "same", background: true)], TestJobs.Rules, Stop);
        Assert.Equal((Acceptance.Joined, job.Id), (repeated.Outcome, repeated.Jobs[0].Id));
        var other = await jobs.Store.AcceptAsync([TestJobs.New(work: "same", background: true) with { RequestHash = "another callback" }], TestJobs.Rules, Stop);
        Assert.Equal(Acceptance.Accepted, other.Outcome);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Somebody_who_joins_on_the_line_keeps_the_job_wanted_and_brings_it_forward(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var job = await jobs.AcceptAsync(TestJobs.New(Lane.Batch, work: "same", wantedFor: TimeSpan.FromMinutes(1)));
        Assert.Null(await jobs.TryClaimAsync(anyLane: false));

        var joined = (await jobs.Store.AcceptAsync([TestJobs.New(work: "same", wantedFor: TimeSpan.FromMinutes(5))], TestJobs.Rules, Stop)).Jobs[0];
        Assert.Equal((job.Id, Lane.Interactive), (joined.Id, joined.Lane));
        Assert.True(joined.WantedUntil >= job.WantedUntil + 240_000);
        await jobs.Store.KeepWantedAsync(job.Id, TimeSpan.FromSeconds(1), Stop);
        Assert.Equal(joined.WantedUntil, (await jobs.FindAsync(job.Id)).WantedUntil);
        Assert.Equal(job.Id, (await jobs.TryClaimAsync(anyLane: false))!.Id);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task An_idempotency_key_stands_for_one_request_of_one_owner(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var job = await jobs.AcceptAsync(TestJobs.New(work: "one", key: "key"));

        var again = await jobs.Store.AcceptAsync([TestJobs.New(work: "one", key: "key")], TestJobs.Rules, Stop);
        Assert.Equal((Acceptance.Joined, job.Id), (again.Outcome, again.Jobs[0].Id));
        var other = await jobs.Store.AcceptAsync([TestJobs.New(work: "two", key: "key")], TestJobs.Rules, Stop);
        Assert.Equal((Acceptance.KeyReused, 0), (other.Outcome, other.Jobs.Count));
        await jobs.AcceptAsync(TestJobs.New(work: "one", key: "key") with { Owner = "another" });

        // Whatever became of it, also long after.
        await jobs.Store.CancelAsync(TestJobs.Owner, job.Id, Stop);
        await jobs.AgeAsync(TimeSpan.FromHours(23));
        Assert.Equal(job.Id, (await jobs.Store.AcceptAsync([TestJobs.New(work: "one", key: "key")], TestJobs.Rules, Stop)).Jobs[0].Id);
        await jobs.Store.EraseAsync(TestJobs.Owner, job.Id, Stop);
        await jobs.AcceptAsync(TestJobs.New(work: "two", key: "key"));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_batch_is_stored_whole_or_not_at_all_and_its_key_stands_for_all_of_it(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var broken = Batch("one", "key");
        broken[2] = broken[2] with { Id = broken[0].Id };
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => jobs.Store.AcceptAsync(broken, TestJobs.Rules, Stop));
        Assert.Equal(0, await jobs.CountAsync("jobs"));
        Assert.Null(await jobs.TryClaimAsync());

        var batch = Batch("one", "key");
        var accepted = await jobs.Store.AcceptAsync(batch, TestJobs.Rules, Stop);
        Assert.Equal(batch.Select(job => job.Id), accepted.Jobs.Select(job => job.Id));
        var again = await jobs.Store.AcceptAsync(Batch("two", "key"), TestJobs.Rules, Stop);
        Assert.Equal(Acceptance.Joined, again.Outcome);
        Assert.Equal(batch.Select(job => job.Id), again.Jobs.Select(job => job.Id));
        Assert.Equal(Acceptance.Accepted, (await jobs.Store.AcceptAsync(Batch("three", "another key"), TestJobs.Rules, Stop)).Outcome);

        static NewJob[] Batch(string name, string key) =>
            [.. Enumerable.Range(0, 3).Select(_ => TestJobs.New(Lane.Batch, work: "same", key: key, background: true) with { Batch = name })];
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_full_queue_refuses_and_counts_only_what_waits(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var rules = new AcceptRules(MaxQueued: 3, MaxInteractive: 2, Join: TimeSpan.FromMinutes(15));
        Assert.Equal(Acceptance.Accepted, await AcceptAsync(TestJobs.New(work: "first")));
        Assert.Equal(Acceptance.Accepted, await AcceptAsync(TestJobs.New()));
        Assert.Equal(Acceptance.Full, await AcceptAsync(TestJobs.New()));
        Assert.Equal(Acceptance.Full, await AcceptAsync(TestJobs.New(Lane.Batch), TestJobs.New(Lane.Batch)));
        Assert.Equal(Acceptance.Accepted, await AcceptAsync(TestJobs.New(Lane.Batch)));
        Assert.Equal(Acceptance.Full, await AcceptAsync(TestJobs.New(Lane.Batch)));
        Assert.Equal(Acceptance.Joined, await AcceptAsync(TestJobs.New(work: "first")));
        Assert.Equal(3, await jobs.CountAsync("jobs"));

        await jobs.ClaimAsync();
        Assert.Equal(Acceptance.Accepted, await AcceptAsync(TestJobs.New()));

        async Task<Acceptance> AcceptAsync(params NewJob[] given) => (await jobs.Store.AcceptAsync(given, rules, Stop)).Outcome;
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Fifty_at_once_with_one_key_or_one_work_are_one_job(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        foreach (var key in new[] { "key", null })
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => jobs.Store.AcceptAsync([TestJobs.New(work: $"same {key}", key: key)], TestJobs.Rules, Stop))));

            Assert.Single(answers.Select(answer => answer.Jobs[0].Id).Distinct());
            Assert.Single(answers, answer => answer.Outcome == Acceptance.Accepted);
        }

        Assert.Equal(2, await jobs.CountAsync("jobs"));
    }
}
