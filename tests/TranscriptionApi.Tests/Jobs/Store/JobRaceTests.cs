using System.Collections.Concurrent;
using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Store;

namespace TranscriptionApi.Tests.Jobs.Store;

/// <summary>Everything at once against one store: no order is expected, but what was promised to anybody must be in the tables.</summary>
public sealed class JobRaceTests(PostgresServer postgres)
{
    const int Tasks = 8;
    const int Calls = 300;

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(JobDatabases.Both), MemberType = typeof(JobDatabases))]
    public async Task Promises_hold_whatever_happens_at_the_same_time(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var promises = new Promises();
        await Task.WhenAll(Enumerable.Range(0, Tasks).Select(number => Task.Run(() => ActAsync(jobs, promises, new Random(number), $"worker {number}"))));
        await jobs.CheckAsync(promises.ToInvariants());

        // Nothing was lost on the way: the rest can be finished.
        await jobs.AgeAsync(TimeSpan.FromMinutes(2));
        await jobs.ReclaimAsync(maxCrashes: int.MaxValue);
        await jobs.AgeAsync(JobStore.SuspectPause);
        while (await jobs.TryClaimAsync() is { } job)
        {
            Assert.True(await jobs.FinishAsync(job));
        }

        await jobs.CheckAsync(promises.ToInvariants() with { IsQuiet = true });
        Assert.True(promises.Completed.Count > 10 && promises.Cancelled.Count > 10, "Too little happened.");
    }

    static async Task ActAsync(TestStore jobs, Promises promises, Random random, string worker)
    {
        var outbox = new Outbox(jobs.Database);
        var leases = new List<JobLease>();
        for (var call = 0; call < Calls; call++)
        {
            var lease = leases.Count == 0 ? new JobLease("none", 1) : leases[random.Next(leases.Count)];
            switch (random.Next(20))
            {
                case < 6:
                    var job = TestJobs.New(random.Next(2) == 0 ? Lane.Batch : Lane.Interactive, work: random.Next(3) == 0 ? "same" : null, key: random.Next(4) == 0 ? $"k{random.Next(20)}" : null);
                    var accepted = await jobs.Store.AcceptAsync([job with { RequestHash = "same" }], TestJobs.Rules, Stop);
                    promises.Acknowledged.Add(Assert.Single(accepted.Jobs).Id);
                    break;
                case < 11:
                    if (await jobs.TryClaimAsync(worker, anyLane: random.Next(3) > 0) is { } claimed)
                    {
                        Assert.True(promises.Claimed.TryAdd(claimed.Lease, worker), "Two workers got the same lease.");
                        leases.Add(claimed.Lease);
                    }

                    break;
                case < 13:
                    await jobs.Store.SaveWindowsAsync(lease, [new SavedWindow(0, ScriptedEngine.Hello)], default, default, TestJobs.Lease, Stop);
                    break;
                case < 15:
                    if (await jobs.Store.FinishAsync(lease, [1], 1, default, Stop))
                    {
                        promises.Completed.Add(lease.Id);
                    }

                    break;
                case 15:
                    _ = random.Next(3) switch
                    {
                        0 => await jobs.Store.RetryAsync(lease, TestJobs.Error, TimeSpan.Zero, Stop),
                        1 => await jobs.Store.HandBackAsync(lease, Stop),
                        _ => await jobs.Store.FailAsync(lease, TestJobs.Error, Stop),
                    };
                    break;
                case 16:
                    if (promises.Acknowledged.TryPeek(out var some) && await jobs.Store.CancelAsync(TestJobs.Owner, some, Stop))
                    {
                        promises.Cancelled.Add(some);
                    }

                    break;
                case 17:
                    // Dead or not: the fence makes it right.
                    await jobs.ReclaimAsync($"worker {random.Next(Tasks)}", maxCrashes: int.MaxValue);
                    break;
                case 18:
                    foreach (var due in await outbox.TakeDueAsync(2, [], TestJobs.Lease, Stop))
                    {
                        await outbox.RecordAsync(due, new WebhookOutcome(200, null, TimeSpan.Zero, IsDelivered: true, null), Stop);
                    }

                    break;
                default:
                    if (promises.Acknowledged.TryPeek(out var old) && random.Next(4) == 0)
                    {
                        // Before it is asked for: it may be gone from then on.
                        promises.Erased.Add(old);
                        await jobs.Store.EraseAsync(TestJobs.Owner, old, Stop);
                    }

                    await jobs.Store.AbandonAsync(Stop);
                    await jobs.Store.ExpireAsync(TimeSpan.FromHours(1), Stop);
                    await jobs.Store.EraseExpiredAsync(Stop);
                    break;
            }
        }
    }

    sealed class Promises
    {
        public ConcurrentBag<string> Acknowledged { get; } = [];

        public ConcurrentBag<string> Erased { get; } = [];

        public ConcurrentBag<string> Cancelled { get; } = [];

        public ConcurrentBag<string> Completed { get; } = [];

        public ConcurrentDictionary<JobLease, string> Claimed { get; } = [];

        public JobInvariants ToInvariants() => new() { Acknowledged = Acknowledged, Erased = Erased, Cancelled = Cancelled, Completed = Completed };
    }
}
