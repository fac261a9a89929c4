using System.Data.Common;
using TranscriptionApi.Jobs.Store;

namespace TranscriptionApi.Tests.Jobs.Store;

/// <summary>A database whose next commit goes wrong: not done, or done and then its answer is lost.</summary>
sealed class FaultyDatabase(IJobDatabase database) : IJobDatabase
{
    public sealed class Broken : DbException;

    public bool FailBefore { get; set; }

    public bool FailAfter { get; set; }

    public SqlDialect Dialect => database.Dialect;

    public bool IsShared => database.IsShared;

    public Task<string> PrepareAsync(CancellationToken cancellation) => database.PrepareAsync(cancellation);

    public Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> read, CancellationToken cancellation) => database.ReadAsync(read, cancellation);

    public async Task<T> WriteAsync<T>(Func<DbConnection, DbTransaction, Task<T>> write, CancellationToken cancellation)
    {
        var result = await database.WriteAsync(
            async (connection, transaction) =>
            {
                var written = await write(connection, transaction);
                return FailBefore ? throw new Broken() : written;
            },
            cancellation);
        return FailAfter ? throw new Broken() : result;
    }

    public T Write<T>(Func<DbConnection, DbTransaction, T> write) => database.Write(write);

    public Task ForgetErasedAsync(CancellationToken cancellation) => database.ForgetErasedAsync(cancellation);

    public ValueTask DisposeAsync() => database.DisposeAsync();
}
