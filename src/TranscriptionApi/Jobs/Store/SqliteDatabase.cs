using System.Data.Common;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using Dapper;
using Microsoft.Data.Sqlite;
using SQLitePCL;
using TranscriptionApi.Settings;

namespace TranscriptionApi.Jobs.Store;

/// <summary>
/// Jobs of one machine in a SQLite file: write-ahead log, every commit on the disk before it is told, one writer at a time in this
/// process, any number of readers. Other processes on the same machine may share the file.
/// </summary>
sealed class SqliteDatabase : IJobDatabase
{
    // RETURNING came with it.
    static readonly Version Oldest = new(3, 35, 0);

    readonly string _connection;
    readonly SemaphoreSlim _writing = new(1, 1);
    SqliteConnection? _writer;

    public SqliteDatabase(string path)
    {
        Path = path;
        _connection = new SqliteConnectionStringBuilder { DataSource = path, Pooling = true, ForeignKeys = true }.ToString();
    }

    static SqliteDatabase()
    {
        // The system's library is kept patched; the one of the package is for systems without any.
        NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, FindLibrary);
        Batteries_V2.Init();
    }

    public string Path { get; }

    public SqlDialect Dialect => SqlDialect.Sqlite;

    public bool IsShared => false;

    public async Task PrepareAsync(CancellationToken cancellation)
    {
        var version = raw.sqlite3_libversion().utf8_to_string();
        if (Version.Parse(version) < Oldest)
        {
            throw new InvalidSettingException($"The SQLite library of this system is {version}; {Oldest} or newer is needed.");
        }

        await WriteAsync(
            async (connection, transaction) =>
            {
                var done = await connection.ExecuteScalarAsync<int>("PRAGMA user_version", transaction: transaction);
                var steps = Schema.Steps(Dialect);
                if (done > steps.Count)
                {
                    throw new InvalidSettingException($"'{Path}' was written by a newer version of this server (tables {done}, known {steps.Count}).");
                }

                foreach (var step in steps.Skip(done))
                {
                    await connection.ExecuteAsync(step, transaction: transaction);
                }

                return await connection.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {steps.Count}"), transaction: transaction);
            },
            cancellation);
    }

    public async Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> read, CancellationToken cancellation)
    {
        await using var connection = await OpenAsync(cancellation);
        return await read(connection);
    }

    public async Task<T> WriteAsync<T>(Func<DbConnection, DbTransaction, Task<T>> write, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation);
        try
        {
            _writer ??= await OpenAsync(cancellation);

            // At once for writing: a transaction that reads first may be refused when it comes to writing.
            await using var transaction = _writer.BeginTransaction(deferred: false);
            var result = await write(_writer, transaction);
            transaction.Commit();
            return result;
        }
        catch (DbException) when (_writer is not null)
        {
            // Whatever state it is in, the next write begins with a new one.
            await _writer.DisposeAsync();
            _writer = null;
            throw;
        }
        finally
        {
            _writing.Release();
        }
    }

    public async Task ForgetErasedAsync(CancellationToken cancellation)
    {
        await using var connection = await OpenAsync(cancellation);
        await connection.ExecuteAsync("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    public async ValueTask DisposeAsync()
    {
        await _writing.WaitAsync();
        if (_writer is not null)
        {
            await _writer.DisposeAsync();
            _writer = null;
        }

        using var any = new SqliteConnection(_connection);
        SqliteConnection.ClearPool(any);
        _writing.Dispose();
    }

    async Task<SqliteConnection> OpenAsync(CancellationToken cancellation)
    {
        var connection = new SqliteConnection(_connection);
        try
        {
            await connection.OpenAsync(cancellation);
            await connection.ExecuteAsync("PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON");
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    static IntPtr FindLibrary(string name, Assembly assembly, DllImportSearchPath? search)
    {
        string[] system = OperatingSystem.IsWindows() ? ["winsqlite3"] : OperatingSystem.IsMacOS() ? ["libsqlite3.dylib"] : ["libsqlite3.so.0"];
        foreach (var candidate in system)
        {
            if (NativeLibrary.TryLoad(candidate, out var library))
            {
                return library;
            }
        }

        return NativeLibrary.Load(name, assembly, search);
    }
}
