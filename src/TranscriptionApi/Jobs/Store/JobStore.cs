using System.Data.Common;
using Dapper;

namespace TranscriptionApi.Jobs.Store;

/// <summary>
/// The durable queue. Every method is one transaction, and what it says has happened is on the disk. Accepting is in
/// JobStore.Accept.cs, what workers do in JobStore.Work.cs, questions in JobStore.Read.cs, upkeep in JobStore.Upkeep.cs;
/// webhooks that wait for delivery are in <see cref="Outbox"/>.
/// </summary>
sealed partial class JobStore(IJobDatabase database, JobSignals signals, TimeSpan keep)
{
    // A batch job that waited so long is taken as if somebody waited for it.
    const long AgeingMs = 15 * 60 * 1000;

    readonly JobSql _sql = new(database.Dialect);

    static JobStore() => DefaultTypeMap.MatchNamesWithUnderscores = true;

    long KeepMs => Ms(keep);

    /// <summary>Makes the tables, or brings them up to date.</summary>
    public Task PrepareAsync(CancellationToken cancellation) => database.PrepareAsync(cancellation);

    /// <summary>A write that may move a job. What happened is told here and elsewhere once it is committed.</summary>
    async Task<T> WriteAsync<T>(Func<Writing, Task<T>> write, CancellationToken cancellation)
    {
        var hints = new List<JobHint>();
        var result = await database.WriteAsync(
            async (connection, transaction) =>
            {
                var writing = new Writing(connection, transaction, hints);
                var written = await write(writing);
                if (database.Dialect.Notify is { } notify)
                {
                    foreach (var hint in hints)
                    {
                        await writing.ExecuteAsync(notify, new { hint = hint.ToString() });
                    }
                }

                return written;
            },
            cancellation);
        hints.ForEach(hint => hint.Raise(signals));
        return result;
    }

    /// <summary>What an end brings with it: the windows go, and the owner is told where it was asked for.</summary>
    async Task EndAsync(Writing writing, string id, JobState state)
    {
        await writing.ExecuteAsync(_sql.DeleteWindows, new { id });
        var told = await writing.ExecuteAsync(
            OutboxSql.Insert(database.Dialect), new { message = "msg_" + JobId.Random(), id, type = "audio.transcription." + state.Name() });
        writing.Hints.Add(new JobHint(id, IsQueued: false, HasWebhook: told > 0));
    }

    static long Ms(TimeSpan span) => (long)span.TotalMilliseconds;

    sealed record Writing(DbConnection Connection, DbTransaction Transaction, List<JobHint> Hints)
    {
        public Task<int> ExecuteAsync(string sql, object? parameters = null) => Connection.ExecuteAsync(sql, parameters, Transaction);

        public Task<T?> FindAsync<T>(string sql, object? parameters = null) => Connection.QueryFirstOrDefaultAsync<T>(sql, parameters, Transaction);

        public async Task<List<T>> ListAsync<T>(string sql, object? parameters = null) => [.. await Connection.QueryAsync<T>(sql, parameters, Transaction)];
    }
}
