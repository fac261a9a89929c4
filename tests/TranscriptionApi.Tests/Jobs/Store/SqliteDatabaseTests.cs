using System.Text;
using System.Text.RegularExpressions;
using Dapper;
using Microsoft.Data.Sqlite;
using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Jobs.Store.Sqlite;
using TranscriptionApi.Settings;
using TranscriptionApi.Tests.Metrics;

namespace TranscriptionApi.Tests.Jobs.Store;

/// <summary>The file of the queue: lost, damaged, full, shared by processes, of another version.</summary>
public sealed class SqliteDatabaseTests : IAsyncDisposable
{
    readonly string _folder = JobDatabases.NewFolder();

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    string DatabasePath => Path.Combine(_folder, "jobs.db");

    [Fact]
    public async Task Every_commit_is_on_the_disk_and_erased_content_is_nowhere()
    {
        await using var database = new SqliteDatabase(DatabasePath);
        Assert.StartsWith("SQLite 3.", await database.PrepareAsync(Stop));
        await database.WriteAsync(
            async (connection, _) =>
            {
                Assert.Equal("wal", await connection.ExecuteScalarAsync<string>("PRAGMA journal_mode"));
                Assert.Equal(2, await connection.ExecuteScalarAsync<int>("PRAGMA synchronous"));
                Assert.Equal(1, await connection.ExecuteScalarAsync<int>("PRAGMA secure_delete"));
                Assert.Equal(1, await connection.ExecuteScalarAsync<int>("PRAGMA foreign_keys"));
                return 0;
            },
            Stop);

        using var signals = new JobSignals();
        var store = new JobStore(database, signals, TestMetrics.Unheard, TestStore.Keep);
        var job = TestJobs.New(work: "a needle that must go") with { Metadata = new string('x', 20_000) };
        await store.AcceptAsync([job], TestJobs.Rules, Stop);
        var claimed = await store.ClaimAsync("me", anyLane: true, TestJobs.Lease, Stop);
        await store.FinishAsync(claimed!.Lease, [.. Enumerable.Repeat("a needle that must go"u8.ToArray(), 500).SelectMany(bytes => bytes)], 1, default, Stop);
        Assert.True(Contains("a needle that must go"));
        await store.EraseAsync(TestJobs.Owner, job.Id, Stop);
        Assert.False(Contains("a needle that must go"));

        bool Contains(string needle) => Directory.GetFiles(_folder).Any(file =>
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(stream, Encoding.Latin1);
            return reader.ReadToEnd().Contains(needle, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("empty")]
    [InlineData("cut")]
    [InlineData("overwritten")]
    [InlineData("scrambled")]
    [InlineData("another program's")]
    public async Task A_damaged_file_stops_the_start_and_is_left_as_it_is(string damage)
    {
        await FillAsync();
        var content = await File.ReadAllBytesAsync(DatabasePath, Stop);
        switch (damage)
        {
            case "empty":
                content = [];
                break;
            case "cut":
                content = content[..(content.Length / 2)];
                break;
            case "overwritten":
                content.AsSpan(0, 100).Fill((byte)'x');
                break;
            case "scrambled":
                new Random(1).NextBytes(content.AsSpan(4096, content.Length / 2));
                break;
            default:
                File.Delete(DatabasePath);
                await using (var other = new SqliteConnection($"Data Source={DatabasePath};Pooling=false"))
                {
                    await other.OpenAsync(Stop);
                    await other.ExecuteAsync("CREATE TABLE jobs (name TEXT)");
                }

                content = await File.ReadAllBytesAsync(DatabasePath, Stop);
                break;
        }

        await File.WriteAllBytesAsync(DatabasePath, content, Stop);
        await using var database = new SqliteDatabase(DatabasePath);
        var error = await Assert.ThrowsAsync<InvalidSettingException>(() => database.PrepareAsync(Stop));

        Assert.Contains($"'{DatabasePath}' is damaged", error.Message);
        Assert.Equal(content, await File.ReadAllBytesAsync(DatabasePath, Stop));
    }

    [Fact]
    public async Task A_lost_file_whose_log_is_there_stops_the_start_and_a_lost_file_is_never_made_in_passing()
    {
        await FillAsync();
        File.Move(DatabasePath, DatabasePath + "-wal");
        await using var database = new SqliteDatabase(DatabasePath);
        Assert.Contains("is missing", (await Assert.ThrowsAsync<InvalidSettingException>(() => database.PrepareAsync(Stop))).Message);

        await Assert.ThrowsAsync<SqliteException>(() => database.ReadAsync(connection => connection.ExecuteAsync("SELECT 1"), Stop));
        await Assert.ThrowsAsync<SqliteException>(() => database.WriteAsync((_, _) => Task.FromResult(1), Stop));
        Assert.False(File.Exists(DatabasePath));
    }

    [Fact]
    public async Task A_database_of_a_newer_version_is_refused_and_an_older_one_brought_up_to_date()
    {
        await FillAsync();
        await using (var newer = new SqliteDatabase(DatabasePath) { Steps = [.. Schema.Steps(SqlDialect.Sqlite), "CREATE TABLE more (name TEXT)"] })
        {
            await newer.PrepareAsync(Stop);
            Assert.Equal(1, await newer.ReadAsync(connection => connection.ExecuteScalarAsync<long>("SELECT count(*) FROM jobs"), Stop));
        }

        await using var database = new SqliteDatabase(DatabasePath);
        Assert.Contains("newer version", (await Assert.ThrowsAsync<InvalidSettingException>(() => database.PrepareAsync(Stop))).Message);
    }

    [Fact]
    public async Task A_migration_that_is_interrupted_leaves_nothing_and_is_done_by_the_next_start()
    {
        await using (var broken = new SqliteDatabase(DatabasePath) { Steps = [.. Schema.Steps(SqlDialect.Sqlite), "CREATE TABLE more (name TEXT); INSERT INTO nowhere VALUES (1)"] })
        {
            await Assert.ThrowsAsync<InvalidSettingException>(() => broken.PrepareAsync(Stop));
            Assert.Equal(0, await broken.ReadAsync(connection => connection.ExecuteScalarAsync<long>("SELECT count(*) FROM sqlite_master"), Stop));
        }

        await FillAsync();
    }

    [Fact]
    public async Task Stores_that_start_at_once_on_one_file_make_it_once_and_share_it()
    {
        var databases = Enumerable.Range(0, 6).Select(_ => new SqliteDatabase(DatabasePath)).ToList();
        await Task.WhenAll(databases.Select(database => Task.Run(() => database.PrepareAsync(Stop))));
        using var signals = new JobSignals();
        await Task.WhenAll(databases.Select(database => Task.Run(async () =>
        {
            for (var number = 0; number < 20; number++)
            {
                await new JobStore(database, signals, TestMetrics.Unheard, TestStore.Keep).AcceptAsync([TestJobs.New()], TestJobs.Rules, Stop);
            }
        })));

        Assert.Equal(120, await databases[0].ReadAsync(connection => connection.ExecuteScalarAsync<long>("SELECT count(*) FROM jobs"), Stop));
        Assert.Empty(Directory.GetFiles(_folder, "*.new"));
        foreach (var database in databases)
        {
            await database.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_full_disk_is_an_outage_and_the_next_write_after_it_works()
    {
        await using var database = new SqliteDatabase(DatabasePath);
        await database.PrepareAsync(Stop);
        using var signals = new JobSignals();
        var store = new JobStore(database, signals, TestMetrics.Unheard, TestStore.Keep);
        await store.AcceptAsync([TestJobs.New()], TestJobs.Rules, Stop);
        await database.WriteAsync(
            async (connection, _) => await connection.ExecuteAsync($"PRAGMA max_page_count = {await connection.ExecuteScalarAsync<long>("PRAGMA page_count")}"), Stop);
        var big = TestJobs.New() with { Metadata = new string('x', 1_000_000) };

        var error = await Assert.ThrowsAsync<SqliteException>(() => store.AcceptAsync([big], TestJobs.Rules, Stop));
        Assert.Equal(SQLitePCL.raw.SQLITE_FULL, error.SqliteErrorCode);
        Assert.True(JobStoreErrors.IsOutage(error));

        // The limit belonged to the connection; that it is gone shows that the next write has another one.
        Assert.Equal(Acceptance.Accepted, (await store.AcceptAsync([big], TestJobs.Rules, Stop)).Outcome);
    }

    [Fact]
    public async Task A_database_that_another_process_holds_too_long_is_an_outage_and_works_afterwards()
    {
        await FillAsync();
        await using var database = new SqliteDatabase(DatabasePath);
        await using var other = new SqliteConnection($"Data Source={DatabasePath};Pooling=false");
        await other.OpenAsync(Stop);
        await using (other.BeginTransaction(deferred: false))
        {
            var error = await Assert.ThrowsAsync<SqliteException>(() => database.WriteAsync((_, _) => Task.FromResult(1), Stop));
            Assert.True(JobStoreErrors.IsOutage(error));
            Assert.Equal(1, await database.ReadAsync(connection => connection.ExecuteScalarAsync<long>("SELECT count(*) FROM jobs"), Stop));
        }

        Assert.Equal(1, await database.WriteAsync((_, _) => Task.FromResult(1), Stop));
    }

    [Fact]
    public void A_network_file_system_is_refused_and_named()
    {
        SqliteFile.CheckDisk("/data", DriveType.Fixed);
        SqliteFile.CheckLog("/data/jobs.db", "wal");
        Assert.Contains("'/data'", Assert.Throws<InvalidSettingException>(() => SqliteFile.CheckDisk("/data", DriveType.Network)).Message);
        Assert.Contains("'/data'", Assert.Throws<InvalidSettingException>(() => SqliteFile.CheckLog("/data/jobs.db", "delete")).Message);
    }

    [Fact]
    public async Task Hot_statements_find_their_indexes()
    {
        await using var database = new SqliteDatabase(DatabasePath);
        await database.PrepareAsync(Stop);
        var sql = new JobSql(database.Dialect);
        string[] hot = [sql.Claim, sql.Renew, sql.KeepWanted, sql.Joinable, sql.ByIdempotencyKey, sql.CountQueued, sql.Orphans, sql.Abandon, sql.Expire, sql.EraseExpired, sql.SpentAudio, sql.NeedsAudio, sql.Ahead, sql.Figures, sql.Workers, sql.Find];
        foreach (var statement in hot)
        {
            var plan = await database.ReadAsync(
                async connection => (await connection.QueryAsync($"EXPLAIN QUERY PLAN {Regex.Replace(statement, "@\\w+", "'1'")}")).Select(row => (string)row.detail).ToList(), Stop);

            // "SCAN jobs" without an index reads the whole table.
            Assert.DoesNotContain(plan, line => line is "SCAN jobs" or "SCAN TABLE jobs");
        }
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    // A file with a job in it and no log beside it.
    async Task FillAsync()
    {
        await using var database = new SqliteDatabase(DatabasePath);
        await database.PrepareAsync(Stop);
        using var signals = new JobSignals();
        await new JobStore(database, signals, TestMetrics.Unheard, TestStore.Keep).AcceptAsync([TestJobs.New()], TestJobs.Rules, Stop);
    }
}
