using System.Data.Common;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using TranscriptionApi.Errors;
using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Requests;
using TranscriptionApi.Tests.Metrics;

namespace TranscriptionApi.Tests.Jobs.Store;

/// <summary>A database that is away, and commits nobody knows the end of.</summary>
public sealed class OutageTests(PostgresServer postgres)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<string> Both => JobDatabases.Both;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_worker_can_tell_what_became_of_its_last_write(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var faulty = new FaultyDatabase(jobs.Database);
        var store = new JobStore(faulty, jobs.Signals, TestMetrics.Unheard, TestStore.Keep);
        var job = await jobs.AcceptAsync();
        var claimed = await jobs.ClaimAsync();

        faulty.FailBefore = true;
        await Assert.ThrowsAsync<FaultyDatabase.Broken>(() => store.FinishAsync(claimed.Lease, [1], 1, default, Stop));
        Assert.Equal(JobState.Running, await store.EndedAsync(claimed.Lease, Stop));
        (faulty.FailBefore, faulty.FailAfter) = (false, true);
        await Assert.ThrowsAsync<FaultyDatabase.Broken>(() => store.FinishAsync(claimed.Lease, [1], 1, default, Stop));
        Assert.Equal(JobState.Completed, await store.EndedAsync(claimed.Lease, Stop));
        faulty.FailAfter = false;
        Assert.False(await store.FinishAsync(claimed.Lease, [1], 1, default, Stop));
        await jobs.CheckAsync(new JobInvariants { Acknowledged = [job.Id], Completed = [job.Id], IsQuiet = true });

        // Taken over by another worker: whatever it does is not mine.
        await jobs.AcceptAsync();
        var mine = await jobs.ClaimAsync();
        await jobs.ReclaimAsync(TestJobs.Worker);
        var theirs = await jobs.ClaimAsync("another");
        await jobs.FinishAsync(theirs);
        Assert.Null(await store.EndedAsync(mine.Lease, Stop));
        await jobs.Store.EraseAsync(TestJobs.Owner, theirs.Id, Stop);
        Assert.Null(await store.EndedAsync(theirs.Lease, Stop));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_client_that_asks_again_gets_the_job_whose_acceptance_it_was_not_told(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var faulty = new FaultyDatabase(jobs.Database) { FailAfter = true };
        var store = new JobStore(faulty, jobs.Signals, TestMetrics.Unheard, TestStore.Keep);
        foreach (var key in new[] { "key", null })
        {
            var lost = TestJobs.New(work: $"work {key}", key: key);
            await Assert.ThrowsAsync<FaultyDatabase.Broken>(() => store.AcceptAsync([lost], TestJobs.Rules, Stop));
            var again = await jobs.Store.AcceptAsync([TestJobs.New(work: $"work {key}", key: key)], TestJobs.Rules, Stop);
            Assert.Equal((Acceptance.Joined, lost.Id), (again.Outcome, again.Jobs[0].Id));
        }
    }

    [Fact]
    public void Faults_of_the_database_are_told_from_faults_of_ours()
    {
        Exception[] away =
        [
            Sqlite(5), Sqlite(8), Sqlite(10), Sqlite(13), Sqlite(14), Postgres("08006"), Postgres("57P01"), Postgres("57014"), Postgres("53100"), Postgres("53300"),
            Postgres("40P01"), Postgres("28P01"), Postgres("25006"), new NpgsqlException("Failed to connect", new SocketException(111)), new NpgsqlException("Exception while reading", new TimeoutException()),
        ];
        Exception[] ours = [Sqlite(1), Sqlite(11), Sqlite(19), Postgres("23505"), Postgres("42601"), new InvalidOperationException(), new TimeoutException(), new OperationCanceledException()];

        Assert.All(away, error => Assert.True(JobStoreErrors.IsOutage(error), error.Message));
        Assert.All(ours, error => Assert.False(JobStoreErrors.IsOutage(error), error.Message));
    }

    [Fact]
    public async Task Requests_during_an_outage_are_told_to_come_back_and_the_log_says_it_once()
    {
        await using var api = new TestApi();
        using var client = await api.ReadyClientAsync();
        var handler = ActivatorUtilities.CreateInstance<ApiExceptionHandler>(api.Services);
        foreach (var error in new DbException[] { Sqlite(13), Postgres("57P01") })
        {
            var http = new DefaultHttpContext { RequestServices = api.Services };
            http.Features.Set(new RequestFacts());
            Assert.True(await handler.TryHandleAsync(http, error, Stop));

            Assert.Equal((503, "5"), (http.Response.StatusCode, http.Response.Headers.RetryAfter.ToString()));
        }

        Assert.EndsWith("marker 13 ", Assert.Single(api.Log, line => line.Contains("marker", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    static SqliteException Sqlite(int code) => new($"marker {code}", code);

    static PostgresException Postgres(string state) => new($"marker {state}", "ERROR", "ERROR", state);

    [Theory]
    [MemberData(nameof(JobDatabases.Both), MemberType = typeof(JobDatabases))]
    public async Task Audio_is_discarded_only_when_its_job_is_certainly_not_stored(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var faulty = new FaultyDatabase(jobs.Database);
        var store = new JobStore(faulty, jobs.Signals, TestMetrics.Unheard, TestStore.Keep);
        var discarded = 0;
        void Discard() => discarded++;

        await store.AcceptAsync([TestJobs.New()], TestJobs.Rules, Discard, Stop);
        faulty.FailAfter = true;
        await Assert.ThrowsAsync<FaultyDatabase.Broken>(() => store.AcceptAsync([TestJobs.New()], TestJobs.Rules, Discard, Stop));
        Assert.Equal(0, discarded);

        faulty.FailAfter = false;
        var full = TestJobs.Rules with { MaxQueued = 0 };
        Assert.Equal(Acceptance.Full, (await store.AcceptAsync([TestJobs.New()], full, Discard, Stop)).Outcome);
        Assert.Equal(1, discarded);

        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.AcceptAsync([TestJobs.New()], TestJobs.Rules, Discard, gone.Token));
        Assert.Equal(2, discarded);
    }
}
