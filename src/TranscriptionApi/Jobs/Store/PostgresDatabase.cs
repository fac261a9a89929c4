using System.Data.Common;
using Dapper;
using Npgsql;
using TranscriptionApi.Settings;

namespace TranscriptionApi.Jobs.Store;

/// <summary>Jobs of several machines in PostgreSQL; <see cref="PostgresHints"/> hears what other servers did.</summary>
sealed class PostgresDatabase : IJobDatabase
{
    // Held while the tables are made, so that servers that start together do not make them twice.
    const long SchemaLock = 0x7472616e73637269;

    readonly NpgsqlDataSource _source;

    public PostgresDatabase(string connection)
    {
        var settings = new NpgsqlConnectionStringBuilder(connection) { ApplicationName = "TranscriptionApi" };
        settings.Options ??= "-c statement_timeout=30000 -c idle_in_transaction_session_timeout=30000";
        _source = NpgsqlDataSource.Create(settings);
    }

    public NpgsqlDataSource Source => _source;

    public SqlDialect Dialect => SqlDialect.PostgreSql;

    public bool IsShared => true;

    public async Task PrepareAsync(CancellationToken cancellation) => await WriteAsync(
        async (connection, transaction) =>
        {
            await connection.ExecuteAsync("SELECT pg_advisory_xact_lock(@SchemaLock)", new { SchemaLock }, transaction);
            await connection.ExecuteAsync("CREATE TABLE IF NOT EXISTS schema_steps (step INTEGER PRIMARY KEY)", transaction: transaction);
            var done = await connection.ExecuteScalarAsync<int>("SELECT coalesce(max(step), 0) FROM schema_steps", transaction: transaction);
            var steps = Schema.Steps(Dialect);
            if (done > steps.Count)
            {
                throw new InvalidSettingException($"The database was set up by a newer version of this server (tables {done}, known {steps.Count}).");
            }

            for (var step = done + 1; step <= steps.Count; step++)
            {
                await connection.ExecuteAsync(steps[step - 1], transaction: transaction);
                await connection.ExecuteAsync("INSERT INTO schema_steps (step) VALUES (@step)", new { step }, transaction);
            }

            return done;
        },
        cancellation);

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
        await transaction.CommitAsync(cancellation);
        return result;
    }

    public Task ForgetErasedAsync(CancellationToken cancellation) => Task.CompletedTask;

    public ValueTask DisposeAsync() => _source.DisposeAsync();
}
