using Dapper;
using Microsoft.Extensions.DependencyInjection;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Tests.Jobs.Routes;
using TranscriptionApi.Tests.Uploads;

namespace TranscriptionApi.Tests.Jobs.Work;

/// <summary>A worker that is busy is not dead. Alone, because every thread of the pool is taken.</summary>
[Collection(nameof(Alone))]
public sealed class LeaseKeeperTests(PostgresServer postgres)
{
    public static TheoryData<string> Both => JobDatabases.Both;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Lease_is_renewed_while_no_thread_of_the_pool_is_free(string database)
    {
        using var gate = new ManualResetEventSlim();
        await using var api = new TestApi(
            [("Jobs:LeaseSeconds", "3"), .. database == JobDatabases.PostgreSql ? [("Jobs:PostgreSql", await postgres.NewDatabaseAsync())] : Array.Empty<(string, string)>()]);
        using var client = await api.ReadyClientAsync();
        api.Engine.Gate = gate;
        var job = (await client.StartAsync()).Id();
        await client.JobAsync(job, "in_progress");

        var left = new List<long>();
        var watcher = new Thread(() => left.AddRange(WatchLease(api.Services.GetRequiredService<IJobDatabase>())));
        watcher.Start();
        await Task.Factory.StartNew(watcher.Join, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        Assert.All(left, ms => Assert.InRange(ms, 1, 3000));
        gate.Set();
        await client.JobAsync(job, "completed");
        Assert.Equal((1, 0, 1L), (await TestStore.Of(api).FindAsync(job)) is { } done ? (done.Attempt, done.Crashes, done.Epoch) : default);
        Assert.Equal(0, api.Engine.Cancelled);
    }

    /// <summary>Takes all threads for two leases; what was left of the lease in the meantime, in milliseconds.</summary>
    static List<long> WatchLease(IJobDatabase database)
    {
        using var free = new ManualResetEventSlim();

        // More than the pool makes threads in that time.
        for (var i = 0; i < ThreadPool.ThreadCount + 200; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(_ => free.Wait(), null);
        }

        var left = new List<long>();
        var until = Environment.TickCount64 + 6000;
        while (Environment.TickCount64 < until)
        {
            Thread.Sleep(100);
            left.Add(database.Write((connection, transaction) =>
                connection.ExecuteScalar<long>($"SELECT lease_until - {database.Dialect.Now} FROM jobs", transaction: transaction)));
        }

        Assert.True(ThreadPool.PendingWorkItemCount > 0, "A thread was free.");
        free.Set();
        while (ThreadPool.PendingWorkItemCount > 100)
        {
            Thread.Sleep(10);
        }

        return left;
    }
}
