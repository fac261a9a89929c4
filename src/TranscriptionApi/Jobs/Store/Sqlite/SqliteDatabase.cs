using System.Data.Common;
using System.Globalization;
using Dapper;
using Microsoft.Data.Sqlite;
using SQLitePCL;
using TranscriptionApi.Settings;

namespace TranscriptionApi.Jobs.Store.Sqlite;

/// <summary>
/// Jobs of one machine in a SQLite file: write-ahead log, every commit on the disk before it is told, one writer at a time in this
/// process, any number of readers. Other processes on the same machine may share the file.
/// </summary>
sealed class SqliteDatabase : IJobDatabase
{
    const string Waiting = "PRAGMA busy_timeout = 5000";
    const string WriterSettings = Waiting + "; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON";

    readonly string _readers;
    readonly string _writers;
    readonly SemaphoreSlim _writing = new(1, 1);
    SqliteConnection? _writer;

    public SqliteDatabase(string path)
    {
        Path = path;

        // A file that is not there is never made in passing: that would be an empty queue in the place of a lost one.
        var settings = new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWrite, ForeignKeys = true, DefaultTimeout = 10 };
        settings.Pooling = true;
        _readers = settings.ToString();
        settings.Pooling = false;
        _writers = settings.ToString();
    }

    static SqliteDatabase() => SqliteLibrary.Load();

    public string Path { get; }

    /// <summary>The tables as steps; a test may stop half-way.</summary>
    public IReadOnlyList<string> Steps { get; init; } = Schema.Steps(SqlDialect.Sqlite);

    /// <summary>Called when the disk is full; true says that there is room now, and the write is repeated.</summary>
    public Func<bool> MakeRoom { get; init; } = () => false;

    public SqlDialect Dialect => SqlDialect.Sqlite;

    public bool IsShared => false;

    public async Task<string> PrepareAsync(CancellationToken cancellation)
    {
        var version = SqliteLibrary.CheckVersion();
        try
        {
            await new SqliteFile(Path).MakeReadyAsync(cancellation);
            await WriteAsync(MigrateAsync, cancellation);
        }
        catch (SqliteException error)
        {
            throw new InvalidSettingException($"The job database '{Path}' cannot be used: {error.Message}");
        }

        return $"SQLite {version} in '{Path}'";
    }

    public async Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> read, CancellationToken cancellation)
    {
        await using var connection = new SqliteConnection(_readers);
        await connection.OpenAsync(cancellation);
        await connection.ExecuteAsync($"{Waiting}; PRAGMA query_only = ON");
        return await read(connection);
    }

    public async Task<T> WriteAsync<T>(Func<DbConnection, DbTransaction, Task<T>> write, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation);
        try
        {
            return await WriteOnceAsync(write, cancellation);
        }
        catch (SqliteException error) when (IsDiskFull(error) && MakeRoom())
        {
            return await WriteOnceAsync(write, cancellation);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <remarks>On a connection of its own: the turn of the other one may belong to a task that waits for a thread.</remarks>
    public T Write<T>(Func<DbConnection, DbTransaction, T> write)
    {
        try
        {
            return WriteOnce(write);
        }
        catch (SqliteException error) when (IsDiskFull(error) && MakeRoom())
        {
            return WriteOnce(write);
        }
    }

    public async Task ForgetErasedAsync(CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation);
        try
        {
            _writer ??= await OpenWriterAsync(cancellation);
            await _writer.ExecuteAsync("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        catch (DbException)
        {
            // What is erased is erased; the log is emptied after the next erasure, at the latest when the server stops.
            await CloseWriterAsync();
        }
        finally
        {
            _writing.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _writing.WaitAsync();
        await CloseWriterAsync();
        using var any = new SqliteConnection(_readers);
        SqliteConnection.ClearPool(any);
        _writing.Dispose();
    }

    async Task<int> MigrateAsync(DbConnection connection, DbTransaction transaction)
    {
        var done = await connection.ExecuteScalarAsync<int>("PRAGMA user_version", transaction: transaction);
        if (done > Steps.Count)
        {
            throw new InvalidSettingException($"The job database '{Path}' was written by a newer version of this server (tables {done}, known {Steps.Count}).");
        }

        foreach (var step in Steps.Skip(done))
        {
            await connection.ExecuteAsync(step, transaction: transaction);
        }

        return done == Steps.Count
            ? 0
            : await connection.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {Steps.Count}"), transaction: transaction);
    }

    static bool IsDiskFull(SqliteException error) =>
        error.SqliteErrorCode == raw.SQLITE_FULL || error.SqliteExtendedErrorCode == raw.SQLITE_IOERR_SHMSIZE;

    T WriteOnce<T>(Func<DbConnection, DbTransaction, T> write)
    {
        using var connection = new SqliteConnection(_writers);
        connection.Open();
        connection.Execute(WriterSettings);
        using var transaction = connection.BeginTransaction(deferred: false);
        try
        {
            var result = write(connection, transaction);
            transaction.Commit();
            return result;
        }
        catch (SqliteException)
        {
            KeepOpen(connection, transaction);
            throw;
        }
    }

    // On a full disk SQLite rolls back by itself. The library would then fail to roll back, and that fault would hide the first one.
    static void KeepOpen(SqliteConnection connection, SqliteTransaction transaction)
    {
        if (raw.sqlite3_get_autocommit(connection.Handle) != 0)
        {
            connection.Execute("BEGIN", transaction: transaction);
        }
    }

    async Task<T> WriteOnceAsync<T>(Func<DbConnection, DbTransaction, Task<T>> write, CancellationToken cancellation)
    {
        try
        {
            _writer ??= await OpenWriterAsync(cancellation);

            // At once for writing: a transaction that reads first may be refused when it comes to writing.
            await using var transaction = _writer.BeginTransaction(deferred: false);
            try
            {
                var result = await write(_writer, transaction);
                transaction.Commit();
                return result;
            }
            catch (SqliteException)
            {
                KeepOpen(_writer, transaction);
                throw;
            }
        }
        catch (DbException)
        {
            // Whatever state it is in after a full disk or a busy database, the next write begins with a new one.
            await CloseWriterAsync();
            throw;
        }
    }

    async Task<SqliteConnection> OpenWriterAsync(CancellationToken cancellation)
    {
        var connection = new SqliteConnection(_writers);
        try
        {
            await connection.OpenAsync(cancellation);
            await connection.ExecuteAsync(WriterSettings);
            SqliteFile.CheckLog(Path, await connection.ExecuteScalarAsync<string>("PRAGMA journal_mode = WAL"));
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    async Task CloseWriterAsync()
    {
        var writer = _writer;
        _writer = null;
        if (writer is not null)
        {
            await writer.DisposeAsync();
        }
    }
}
