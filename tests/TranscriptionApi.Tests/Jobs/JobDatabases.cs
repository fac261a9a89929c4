using System.Data.Common;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Jobs.Store.PostgreSql;
using TranscriptionApi.Jobs.Store.Sqlite;
using TranscriptionApi.Tests.Metrics;

namespace TranscriptionApi.Tests.Jobs;

/// <summary>Both databases for the tests that must hold on both.</summary>
public static class JobDatabases
{
    public const string Sqlite = "SQLite";
    public const string PostgreSql = "PostgreSQL";

    public static TheoryData<string> Both => [Sqlite, PostgreSql];

    /// <summary>An empty store on the named database.</summary>
    internal static async Task<TestStore> OpenAsync(string name, PostgresServer postgres)
    {
        var folder = NewFolder();
        IJobDatabase database = name == Sqlite
            ? new SqliteDatabase(Path.Combine(folder, "jobs.db"))
            : new PostgresDatabase(await postgres.NewDatabaseAsync());
        var signals = new JobSignals();
        var metrics = new TestMetrics();
        var store = new JobStore(database, signals, metrics.Jobs, TestStore.Keep);
        await store.PrepareAsync(TestContext.Current.CancellationToken);
        return new TestStore(store, database, signals, metrics, folder);
    }

    /// <summary>In memory where the system has such a place: these tests end no machine, only processes, and need no disk.</summary>
    internal static string NewFolder()
    {
        const string Memory = "/dev/shm";
        var name = $"transcription-jobs-{JobId.Random()}";
        return Directory.CreateDirectory(Path.Combine(Directory.Exists(Memory) ? Memory : Path.GetTempPath(), name)).FullName;
    }
}

/// <summary>A store, and what is beneath it.</summary>
sealed record TestStore(JobStore Store, IJobDatabase Database, JobSignals Signals, TestMetrics Metrics, string Folder) : IAsyncDisposable
{
    /// <summary>How long ended jobs are kept.</summary>
    public static readonly TimeSpan Keep = TimeSpan.FromHours(24);

    static readonly string[] JobTimes = ["lease_until", "not_before", "wanted_until", "created_at", "started_at", "ended_at", "expires_at"];

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>The store of a running service, which goes on owning it.</summary>
    public static TestStore Of(TestApi api) => new(
        api.Services.GetRequiredService<JobStore>(), api.Services.GetRequiredService<IJobDatabase>(), api.Services.GetRequiredService<JobSignals>(), new TestMetrics(), "");

    /// <summary>Lets time pass: what is stored moves into the past.</summary>
    public Task AgeAsync(TimeSpan time) => Database.WriteAsync(
        async (connection, transaction) =>
        {
            // Zero says that there is no such time.
            var ms = (long)time.TotalMilliseconds;
            var jobs = string.Join(", ", JobTimes.Select(column => $"{column} = CASE WHEN {column} = 0 THEN 0 ELSE {column} - @ms END"));
            await connection.ExecuteAsync($"UPDATE jobs SET {jobs}", new { ms }, transaction);
            await connection.ExecuteAsync("UPDATE transcripts SET created_at = created_at - @ms", new { ms }, transaction);
            await connection.ExecuteAsync("UPDATE webhooks SET created_at = created_at - @ms, due_at = due_at - @ms", new { ms }, transaction);
            return await connection.ExecuteAsync("UPDATE webhook_attempts SET created_at = created_at - @ms", new { ms }, transaction);
        },
        Stop);

    /// <summary>Writes as nobody but a test may.</summary>
    public Task<int> ExecuteAsync(string sql, object? parameters = null) =>
        Database.WriteAsync((connection, transaction) => connection.ExecuteAsync(sql, parameters, transaction), Stop);

    /// <summary>No jobs any more, and none of the dead rows that a DELETE leaves to PostgreSQL's vacuum.</summary>
    public Task EmptyAsync() => ExecuteAsync(Database.IsShared ? "TRUNCATE jobs CASCADE" : "DELETE FROM jobs");

    public Task<long> CountAsync(string table) => ReadAsync(connection => connection.ExecuteScalarAsync<long>($"SELECT count(*) FROM {table}"));

    public Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> read) => Database.ReadAsync(read, Stop);

    public Task CheckAsync(JobInvariants invariants) => ReadAsync(async connection =>
    {
        await invariants.CheckAsync(connection);
        return 0;
    });

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        Signals.Dispose();
        Metrics.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
