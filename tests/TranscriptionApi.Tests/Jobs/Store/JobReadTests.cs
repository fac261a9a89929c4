using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Store;

namespace TranscriptionApi.Tests.Jobs.Store;

/// <summary>Lists, places in the line and figures, on both databases.</summary>
public sealed class JobReadTests(PostgresServer postgres)
{
    static readonly JobFilter All = new(100, NewestFirst: false, After: null, State: null, Batch: null, Model: null);

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<string> Both => JobDatabases.Both;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Lists_come_in_pages_in_both_orders_and_hold_the_owners_jobs_only(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var ids = new List<string>();
        for (var number = 0; number < 7; number++)
        {
            ids.Add((await jobs.AcceptAsync()).Id);
            await jobs.AcceptAsync(TestJobs.New() with { Owner = "somebody else" });
        }

        Assert.Equal(ids, await PagesAsync(newestFirst: false));
        Assert.Equal(ids.AsEnumerable().Reverse(), await PagesAsync(newestFirst: true));
        Assert.Empty(await jobs.Store.ListAsync("nobody", All, Stop));

        async Task<List<string>> PagesAsync(bool newestFirst)
        {
            var all = new List<string>();
            long? after = null;
            while (await jobs.Store.ListAsync(TestJobs.Owner, All with { Limit = 3, NewestFirst = newestFirst, After = after }, Stop) is { Count: > 0 } page)
            {
                Assert.InRange(page.Count, 1, 3);
                all.AddRange(page.Select(job => job.Id));
                after = page[^1].Seq;
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Lists_are_filtered_by_state_batch_and_model(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var running = await jobs.AcceptAsync(TestJobs.New() with { Batch = "one" });
        var other = await jobs.AcceptAsync(TestJobs.New() with { Batch = "one", Request = TestJobs.New().Request with { Model = "beta" } });
        var waiting = await jobs.AcceptAsync();
        Assert.Equal(running.Id, (await jobs.ClaimAsync()).Id);

        Assert.Equal([running.Id], await ListAsync(All with { State = JobState.Running }));
        Assert.Equal([other.Id, waiting.Id], await ListAsync(All with { State = JobState.Queued }));
        Assert.Equal([running.Id, other.Id], await ListAsync(All with { Batch = "one" }));
        Assert.Equal([other.Id], await ListAsync(All with { Model = "beta" }));
        Assert.Equal([other.Id], await ListAsync(All with { State = JobState.Queued, Batch = "one", Model = "beta", After = running.Seq }));
        Assert.Empty(await ListAsync(All with { State = JobState.Queued, Batch = "one", Model = "beta", After = running.Seq, NewestFirst = true }));

        async Task<IEnumerable<string>> ListAsync(JobFilter filter) => (await jobs.Store.ListAsync(TestJobs.Owner, filter, Stop)).Select(job => job.Id);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task The_place_in_the_line_is_the_order_in_which_jobs_are_taken(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var old = await jobs.AcceptAsync(TestJobs.New(Lane.Batch));
        await jobs.AgeAsync(TimeSpan.FromMinutes(16));
        var batch = await jobs.AcceptAsync(TestJobs.New(Lane.Batch));
        var interactive = await jobs.AcceptAsync();
        var later = await jobs.AcceptAsync(TestJobs.New(Lane.Batch));

        Job[] line = [old, interactive, batch, later];
        for (var place = 0; place < line.Length; place++)
        {
            Assert.Equal(place, (await AheadAsync(line[place])).Jobs);
        }

        Assert.Equal(new JobsAhead(3, 180_000, 0), await AheadAsync(later));
        var running = await jobs.ClaimAsync();
        Assert.Equal(old.Id, running.Id);
        Assert.Equal(new JobsAhead(2, 120_000, 60_000), await AheadAsync(later));
        await jobs.SaveAsync(running);
        Assert.Equal(new JobsAhead(0, 0, 30_000), await AheadAsync(interactive));

        async Task<JobsAhead> AheadAsync(Job job) => await jobs.Store.AheadAsync(await jobs.FindAsync(job.Id), Stop);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Figures_tell_what_waits_and_runs_in_each_lane(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        Assert.Empty(await jobs.Store.FiguresAsync(Stop));
        await jobs.AcceptAsync(TestJobs.New(Lane.Batch));
        await jobs.AgeAsync(TimeSpan.FromMinutes(1));
        await jobs.AcceptAsync(TestJobs.New(Lane.Batch));
        await jobs.AcceptAsync();
        await jobs.AcceptAsync();
        await jobs.ClaimAsync();
        await jobs.FinishAsync(await jobs.ClaimAsync());
        await jobs.AcceptAsync();

        var figures = await jobs.Store.FiguresAsync(Stop);
        Assert.Equal(
            ["batch queued 2 120000", "interactive queued 1 60000", "interactive running 1 60000"],
            figures.Select(figure => $"{figure.Lane} {figure.State} {figure.Jobs} {figure.AudioMs}").Order());
        Assert.InRange(figures.Single(figure => figure.Lane == "batch").OldestMs, 60_000, 120_000);
    }
}
