using System.Data.Common;
using System.Diagnostics;
using System.Net.Sockets;
using Dapper;
using Npgsql;
using TranscriptionApi.Settings;

namespace TranscriptionApi.Jobs.Store.PostgreSql;

/// <summary>Jobs of several machines in PostgreSQL; <see cref="PostgresHints"/> hears what other servers did.</summary>
sealed class PostgresDatabase : IJobDatabase
{
    // Held while the tables are made, so that servers that start together do not make them twice.
    const long SchemaLock = 0x7472616e73637269;

    // MATERIALIZED came with it.
    static readonly Version Oldest = new(12, 0);

    readonly NpgsqlDataSource _source;

    /// <exception cref="InvalidSettingException">It is no connection string.</exception>
    public PostgresDatabase(string connection)
    {
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(connection) { ApplicationName = "TranscriptionApi" };

            // The server gives up before the client does: a statement that is not waited for any more must not go on holding its locks.
            settings.Options ??= "-c statement_timeout=10000 -c idle_in_transaction_session_timeout=30000";
            settings.CommandTimeout = settings.ShouldSerialize("Command Timeout") ? settings.CommandTimeout : 15;
            ConnectionString = settings.ConnectionString;
            _source = NpgsqlDataSource.Create(settings);
        }
        catch (Exception error) when (error is ArgumentException or FormatException)
        {
            // Without the message: it may quote the password.
            throw new InvalidSettingException("Jobs:PostgreSql is not a connection string of PostgreSQL, such as \"Host=db;Username=jobs;Password=...;Database=jobs\".");
        }
    }

    /// <summary>With the password: not for anybody's eyes.</summary>
    internal string ConnectionString { get; }

    /// <summary>The tables as steps; a test may stop half-way.</summary>
    public IReadOnlyList<string> Steps { get; init; } = Schema.Steps(SqlDialect.PostgreSql);

    public SqlDialect Dialect => SqlDialect.PostgreSql;

    public bool IsShared => true;

    /// <summary>A machine that starts everything at once starts the database too: how long it is waited for.</summary>
    public TimeSpan StartPatience { get; init; } = TimeSpan.FromSeconds(30);

    public async Task<string> PrepareAsync(CancellationToken cancellation)
    {
        var asked = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return await WriteAsync(MigrateAsync, cancellation);
            }
            catch (NpgsqlException error) when (IsStarting(error) && Stopwatch.GetElapsedTime(asked) < StartPatience)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(500), cancellation);
            }
            catch (NpgsqlException error)
            {
                throw new InvalidSettingException($"The job database of Jobs:PostgreSql cannot be used: {error.Message}");
            }
        }
    }

    public async Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> read, CancellationToken cancellation)
    {
        await using var connection = await _source.OpenConnectionAsync(cancellation);
        return await read(connection);
    }

    public async Task<T> WriteAsync<T>(Func<DbConnection, DbTransaction, Task<T>> write, CancellationToken cancellation)
    {
        await using var connection = await _source.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var result = await write(connection, transaction);

        // Not cancelled: nobody would know what became of it.
        await transaction.CommitAsync(CancellationToken.None);
        return result;
    }

    public T Write<T>(Func<DbConnection, DbTransaction, T> write)
    {
        using var connection = _source.OpenConnection();
        using var transaction = connection.BeginTransaction();
        var result = write(connection, transaction);
        transaction.Commit();
        return result;
    }

    public Task ForgetErasedAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>A connection of its own for listening, which asks whether the server is still there when it hears nothing.</summary>
    public async Task<NpgsqlConnection> OpenListenerAsync(TimeSpan silence, CancellationToken cancellation)
    {
        var seconds = (int)Math.Ceiling(silence.TotalSeconds);
        var settings = new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false, KeepAlive = seconds, CommandTimeout = seconds };
        var connection = new NpgsqlConnection(settings.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellation);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    // "Cannot connect now", or nobody listens there yet.
    static bool IsStarting(NpgsqlException error) => error is PostgresException { SqlState: PostgresErrorCodes.CannotConnectNow } || error.InnerException is SocketException;

    async Task<string> MigrateAsync(DbConnection connection, DbTransaction transaction)
    {
        var server = ((NpgsqlConnection)connection).PostgreSqlVersion;
        if (server < Oldest)
        {
            throw new InvalidSettingException($"The server of Jobs:PostgreSql is PostgreSQL {server}; {Oldest.Major} or newer is needed.");
        }

        // Another server's migration is waited for, and one's own may take its time.
        await RunAsync("SET LOCAL statement_timeout = 0");
        await RunAsync("SELECT pg_advisory_xact_lock(@SchemaLock)", new { SchemaLock });
        await RunAsync("CREATE TABLE IF NOT EXISTS schema_steps (step INTEGER PRIMARY KEY)");
        var done = await connection.ExecuteScalarAsync<int>("SELECT coalesce(max(step), 0) FROM schema_steps", transaction: transaction);
        if (done > Steps.Count)
        {
            throw new InvalidSettingException($"The database of Jobs:PostgreSql was set up by a newer version of this server (tables {done}, known {Steps.Count}).");
        }

        for (var step = done + 1; step <= Steps.Count; step++)
        {
            await RunAsync(Steps[step - 1]);
            await RunAsync("INSERT INTO schema_steps (step) VALUES (@step)", new { step });
        }

        return $"PostgreSQL {server}";

        Task<int> RunAsync(string sql, object? parameters = null) => connection.ExecuteAsync(sql, parameters, transaction, commandTimeout: 0);
    }
}
