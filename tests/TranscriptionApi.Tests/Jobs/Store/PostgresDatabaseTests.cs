using System.Net;
using System.Net.Sockets;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Jobs.Store.PostgreSql;
using TranscriptionApi.Settings;

namespace TranscriptionApi.Tests.Jobs.Store;

/// <summary>Several servers on one database: starting together, hearing of each other, losing it and getting it back.</summary>
public sealed class PostgresDatabaseTests(PostgresServer postgres)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Servers_that_start_at_once_make_the_tables_once_and_newer_tables_are_refused()
    {
        var connection = await postgres.NewDatabaseAsync();
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Task.Run(async () =>
        {
            await using var database = new PostgresDatabase(connection);
            Assert.StartsWith("PostgreSQL 1", await database.PrepareAsync(Stop));
        })));
        await using (var newer = new PostgresDatabase(connection) { Steps = [.. Schema.Steps(SqlDialect.PostgreSql), "CREATE TABLE more (name TEXT)"] })
        {
            await newer.PrepareAsync(Stop);
        }

        await using var older = new PostgresDatabase(connection);
        Assert.Contains("newer version", (await Assert.ThrowsAsync<InvalidSettingException>(() => older.PrepareAsync(Stop))).Message);
    }

    [Fact]
    public async Task A_migration_that_is_interrupted_leaves_nothing_and_is_done_by_the_next_start()
    {
        var connection = await postgres.NewDatabaseAsync();
        await using (var broken = new PostgresDatabase(connection) { Steps = [.. Schema.Steps(SqlDialect.PostgreSql), "CREATE TABLE more (name TEXT); INSERT INTO nowhere VALUES (1)"] })
        {
            await Assert.ThrowsAsync<InvalidSettingException>(() => broken.PrepareAsync(Stop));
            Assert.Equal(0, await broken.ReadAsync(open => open.ExecuteScalarAsync<long>("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"), Stop));
        }

        await using var database = new PostgresDatabase(connection);
        await database.PrepareAsync(Stop);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("Host=x;Password=a-secret;Unknown Word=1")]
    [InlineData("Host=x;Port=a-secret")]
    public void A_wrong_connection_string_is_named_without_its_content(string connection) =>
        Assert.DoesNotContain("secret", Assert.Throws<InvalidSettingException>(() => new PostgresDatabase(connection)).Message);

    [Fact]
    public async Task A_server_that_is_not_there_stops_the_start_in_one_line_without_the_password()
    {
        await using var database = new PostgresDatabase("Host=127.0.0.1;Port=1;Username=x;Password=a-secret;Database=x") { StartPatience = TimeSpan.FromSeconds(1) };
        var error = await Assert.ThrowsAsync<InvalidSettingException>(() => database.PrepareAsync(Stop));
        Assert.Contains("Jobs:PostgreSql", error.Message);
        Assert.DoesNotContain("secret", error.Message);
    }

    [Fact]
    public async Task Statements_have_a_time_limit_and_running_into_it_is_an_outage()
    {
        await using var database = new PostgresDatabase(await postgres.NewDatabaseAsync());
        Assert.Equal(15, new NpgsqlConnectionStringBuilder(database.ConnectionString).CommandTimeout);
        Assert.Equal("10s", await database.ReadAsync(open => open.ExecuteScalarAsync<string>("SHOW statement_timeout"), Stop));
        var error = await Assert.ThrowsAsync<PostgresException>(
            () => database.ReadAsync(open => open.ExecuteAsync("SET statement_timeout = 50; SELECT pg_sleep(60)"), Stop));
        Assert.True(JobStoreErrors.IsOutage(error));
    }

    [Fact]
    public async Task A_server_that_is_told_of_PostgreSQL_keeps_its_jobs_there_and_listens()
    {
        await using var api = new TestApi(("Jobs:PostgreSql", await postgres.NewDatabaseAsync()));
        using var client = await api.ReadyClientAsync();
        var signals = api.Services.GetRequiredService<JobSignals>();
        await using var other = new PostgresDatabase(((PostgresDatabase)api.Services.GetRequiredService<IJobDatabase>()).ConnectionString);
        await TestApi.WaitUntilAsync(async () =>
        {
            using var watch = signals.WatchJob("told");
            await other.WriteAsync((open, transaction) => open.ExecuteAsync("SELECT pg_notify('transcription_jobs', 'told')", transaction: transaction), Stop);
            var wait = watch.NextAsync(TimeSpan.FromSeconds(1), Stop);
            await wait;
            return await (Task<bool>)wait;
        });
        Assert.Contains(api.Log, line => line.Contains("Jobs are kept in PostgreSQL", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Hints_of_one_server_reach_another()
    {
        await using var first = await JobDatabases.OpenAsync(JobDatabases.PostgreSql, postgres);
        using var signals = new JobSignals();
        using var hints = await ListenAsync((PostgresDatabase)first.Database, signals);

        var job = TestJobs.New();
        using var watch = signals.WatchJob(job.Id);
        await first.Store.AcceptAsync([job], TestJobs.Rules, Stop);
        await signals.WaitForQueuedAsync(Timeout.InfiniteTimeSpan, Stop);
        await watch.NextAsync(Timeout.InfiniteTimeSpan, Stop);
        await first.Store.CancelAsync(TestJobs.Owner, job.Id, Stop);
        await watch.NextAsync(Timeout.InfiniteTimeSpan, Stop);
        await signals.WaitForOutboxAsync(Timeout.InfiniteTimeSpan, Stop);
        await hints.StopAsync(Stop);
    }

    [Fact]
    public async Task Nothing_is_told_of_a_move_that_did_not_happen()
    {
        await using var jobs = await JobDatabases.OpenAsync(JobDatabases.PostgreSql, postgres);
        await jobs.AcceptAsync();
        var claimed = await jobs.ClaimAsync();
        await jobs.FinishAsync(claimed);
        while (await HasSignalAsync(jobs.Signals))
        {
        }

        using var watch = jobs.Signals.WatchJob(claimed.Id);
        await jobs.RetryAsync(claimed);
        await jobs.Store.HandBackAsync(claimed.Lease, Stop);
        await jobs.ReclaimAsync(TestJobs.Worker);
        await jobs.Store.CancelAsync(TestJobs.Owner, claimed.Id, Stop);
        await jobs.Store.EraseAsync("somebody else", claimed.Id, Stop);
        Assert.False(await HasSignalAsync(jobs.Signals));

        static async Task<bool> HasSignalAsync(JobSignals signals)
        {
            var wait = signals.WaitForQueuedAsync(TimeSpan.Zero, Stop);
            await wait;
            return await (Task<bool>)wait;
        }
    }

    [Fact]
    public async Task A_listener_whose_connection_is_cut_or_goes_silent_listens_again()
    {
        await using var jobs = await JobDatabases.OpenAsync(JobDatabases.PostgreSql, postgres);
        var direct = new NpgsqlConnectionStringBuilder(await jobs.ReadAsync(open => Task.FromResult(open.ConnectionString)));
        await using var proxy = new Proxy(direct.Port);
        direct.Port = proxy.Port;
        await using var database = new PostgresDatabase(direct.ConnectionString);
        using var signals = new JobSignals();
        using var hints = await ListenAsync(database, signals);

        Assert.Equal(1, await jobs.ReadAsync(open => open.ExecuteScalarAsync<long>("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()")));
        await HeardAgainAsync();

        // Open, but nothing passes any more in either direction: nobody is told.
        proxy.Silence();
        await HeardAgainAsync();
        await hints.StopAsync(Stop);

        // Raised when it listens anew, because of what may have happened meanwhile.
        async Task HeardAgainAsync()
        {
            await signals.WaitForQueuedAsync(Timeout.InfiniteTimeSpan, Stop);
            using var watch = signals.WatchJob("told");
            await jobs.ExecuteAsync("SELECT pg_notify('transcription_jobs', 'told')");
            await watch.NextAsync(Timeout.InfiniteTimeSpan, Stop);
        }
    }

    [Fact]
    public async Task Hot_statements_find_their_indexes_among_20_000_jobs()
    {
        await using var jobs = await JobDatabases.OpenAsync(JobDatabases.PostgreSql, postgres);
        await jobs.AcceptAsync(TestJobs.New(key: "key", wantedFor: TimeSpan.FromHours(1)) with { Batch = "batch" });
        await jobs.ExecuteAsync("""
            INSERT INTO jobs (id, owner, lane, state, model, request, fingerprint, request_hash, idempotency_key, batch, background, audio_path, audio_bytes, audio_ms,
                audio_format, attempt, crashes, epoch, worker, lease_until, not_before, wanted_until, progress_ms, segments, created_at, started_at, ended_at, expires_at)
            SELECT 'id' || n, 'owner' || n % 20, CASE n % 2 WHEN 0 THEN 'batch' ELSE 'interactive' END, CASE WHEN n < 1000 THEN 'queued' WHEN n < 1010 THEN 'running' ELSE 'completed' END,
                model, request, 'work' || n, 'work' || n, 'key' || n, 'batch' || n / 10, 1, 'audio/' || n, 1, 1, 'wav', 0, 0, 0, CASE WHEN n BETWEEN 1000 AND 1009 THEN 'worker' END, created_at, 0,
                CASE WHEN n < 1010 THEN created_at + n END, 0, 0, created_at, NULL, CASE WHEN n >= 1010 THEN created_at END, CASE WHEN n >= 1010 THEN created_at + 86400000 + n END
            FROM jobs, generate_series(1, 20000) n
            """);
        await using (var open = new NpgsqlConnection(await jobs.ReadAsync(read => Task.FromResult(read.ConnectionString))))
        {
            await open.ExecuteAsync("ANALYZE jobs");
        }

        var sql = new JobSql(SqlDialect.PostgreSql);
        var values = new
        {
            worker = "w",
            anyLane = 1,
            leaseMs = 1L,
            ageingMs = 1L,
            id = "id5",
            epoch = 1L,
            ms = 1L,
            owner = "owner5",
            fingerprint = "work5",
            requestHash = (string?)null,
            joinMs = 1L,
            key = "key5",
            lane = (string?)null,
            keepMs = 1L,
            queuedMs = 1L,
            path = "audio/5",
            seq = 5L,
            rank = 0,
        };
        string[] hot = [sql.Claim, sql.Renew, sql.KeepWanted, sql.Joinable, sql.ByIdempotencyKey, sql.CountQueued, sql.Orphans, sql.Abandon, sql.Expire, sql.EraseExpired, sql.NeedsAudio, sql.Ahead, sql.Figures, sql.Workers, sql.Find];
        foreach (var statement in hot)
        {
            var plan = string.Join('\n', await jobs.Database.WriteAsync(
                async (open, transaction) => await open.QueryAsync<string>($"EXPLAIN {statement}", values, transaction), Stop));
            Assert.DoesNotContain("Seq Scan on jobs", plan, StringComparison.Ordinal);
        }
    }

    // Listening, and the signal of its beginning taken.
    static async Task<PostgresHints> ListenAsync(PostgresDatabase database, JobSignals signals)
    {
        var hints = new PostgresHints(database, signals, NullLogger<PostgresHints>.Instance) { Silence = TimeSpan.FromSeconds(1) };
        await hints.StartAsync(Stop);
        await signals.WaitForQueuedAsync(Timeout.InfiniteTimeSpan, Stop);
        await signals.WaitForOutboxAsync(Timeout.InfiniteTimeSpan, Stop);
        return hints;
    }

    /// <summary>Passes bytes on, until it is told to keep what comes to itself.</summary>
    sealed class Proxy : IAsyncDisposable
    {
        readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        readonly CancellationTokenSource _stopping = new();
        readonly int _to;
        readonly Task _running;
        CancellationTokenSource _passing = new();

        public Proxy(int to)
        {
            _to = to;
            _listener.Start();
            _running = RunAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        /// <summary>Connections so far stay open and carry nothing more; new ones do.</summary>
        public void Silence() => Interlocked.Exchange(ref _passing, new CancellationTokenSource()).Cancel();

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            await _stopping.CancelAsync();
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _stopping.Dispose();
            _passing.Dispose();
        }

        async Task RunAsync()
        {
            var sockets = new List<TcpClient>();
            try
            {
                while (true)
                {
                    var from = await _listener.AcceptTcpClientAsync(_stopping.Token);
                    var to = new TcpClient();
                    sockets.AddRange([from, to]);
                    await to.ConnectAsync(IPAddress.Loopback, _to, _stopping.Token);
                    var passing = Volatile.Read(ref _passing).Token;
                    _ = PassAsync(from, to, passing);
                    _ = PassAsync(to, from, passing);
                }
            }
            finally
            {
                sockets.ForEach(socket => socket.Dispose());
            }
        }

        static async Task PassAsync(TcpClient from, TcpClient to, CancellationToken passing)
        {
            try
            {
                await from.GetStream().CopyToAsync(to.GetStream(), passing);
                to.Close();
            }
            catch (Exception error) when (error is IOException or OperationCanceledException or ObjectDisposedException)
            {
                if (!passing.IsCancellationRequested)
                {
                    to.Close();
                }
            }
        }
    }
}
