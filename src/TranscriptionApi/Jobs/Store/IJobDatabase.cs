using System.Data.Common;

namespace TranscriptionApi.Jobs.Store;

/// <summary>What differs between the databases besides the words of their SQL: connections, transactions, hints to other processes.</summary>
interface IJobDatabase : IAsyncDisposable
{
    SqlDialect Dialect { get; }

    /// <summary>Several servers on several machines share it; otherwise all processes are on this machine.</summary>
    bool IsShared { get; }

    /// <summary>Checks versions and brings the tables up to date; safe when several processes start at once. Says what it is, for the log.</summary>
    /// <exception cref="Settings.InvalidSettingException">It cannot be used: away, damaged, of a newer version.</exception>
    Task<string> PrepareAsync(CancellationToken cancellation);

    /// <summary>Reads, outside a transaction.</summary>
    Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> read, CancellationToken cancellation);

    /// <summary>Writes in one transaction, which is committed durably when <paramref name="write"/> returns, and rolled back when it throws.</summary>
    Task<T> WriteAsync<T>(Func<DbConnection, DbTransaction, Task<T>> write, CancellationToken cancellation);

    /// <summary>The same on the calling thread alone: it goes on while no thread of the pool is free.</summary>
    T Write<T>(Func<DbConnection, DbTransaction, T> write);

    /// <summary>After an erasure: lets go of pages that still hold what was erased.</summary>
    Task ForgetErasedAsync(CancellationToken cancellation);
}
