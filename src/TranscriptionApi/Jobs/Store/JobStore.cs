using System.Data.Common;
using Dapper;
using TranscriptionApi.Metrics;

namespace TranscriptionApi.Jobs.Store;

/// <summary>
/// The durable queue. Every method is one transaction, and what it says has happened is on the disk. Accepting is in
/// JobStore.Accept.cs, what workers do in JobStore.Work.cs, questions in JobStore.Read.cs, upkeep in JobStore.Upkeep.cs;
/// webhooks that wait for delivery are in <see cref="Outbox"/>.
/// </summary>
sealed partial class JobStore(IJobDatabase database, JobSignals signals, JobMetrics metrics, TimeSpan keep)
{
    // A batch job that waited so long is taken as if somebody waited for it.
    const long AgeingMs = 15 * 60 * 1000;

    readonly JobSql _sql = new(database.Dialect);

    static JobStore() => DefaultTypeMap.MatchNamesWithUnderscores = true;

    long KeepMs => Ms(keep);

    /// <summary>Makes the tables, or brings them up to date.</summary>
    public Task PrepareAsync(CancellationToken cancellation) => database.PrepareAsync(cancellation);

    /// <summary>
    /// A write that may move a job. What happened is told here and elsewhere, and counted, once it is committed: whoever commits counts, so
    /// that all servers together count everything once.
    /// </summary>
    async Task<T> WriteAsync<T>(Func<Writing, Task<T>> write, CancellationToken cancellation)
    {
        var happened = new Happened([], []);
        var result = await database.WriteAsync(
            (connection, transaction) => RunAsync(write, new Writing(connection, transaction, happened.Begin(), OnThisThread: false)), cancellation);
        Tell(happened);
        return result;
    }

    /// <summary>The same on the calling thread alone; <paramref name="write"/> waits for nothing but its statements.</summary>
    T Write<T>(Func<Writing, Task<T>> write)
    {
        var happened = new Happened([], []);
        var result = database.Write(
            (connection, transaction) => RunAsync(write, new Writing(connection, transaction, happened.Begin(), OnThisThread: true)).GetAwaiter().GetResult());
        Tell(happened);
        return result;
    }

    async Task<T> RunAsync<T>(Func<Writing, Task<T>> write, Writing writing)
    {
        var written = await write(writing);
        if (database.Dialect.Notify is { } notify)
        {
            foreach (var hint in writing.Hints)
            {
                await writing.ExecuteAsync(notify, new { hint = hint.ToString() });
            }
        }

        return written;
    }

    void Tell(Happened happened)
    {
        happened.Hints.ForEach(hint => hint.Raise(signals));
        happened.Counts.ForEach(count => count(metrics));
    }

    /// <summary>What an end brings with it: the windows go, and the owner is told where it was asked for.</summary>
    async Task EndAsync(Writing writing, string id, string lane, JobState state, string? code = null)
    {
        await writing.ExecuteAsync(_sql.DeleteWindows, new { id });
        var told = await writing.ExecuteAsync(
            OutboxSql.Insert(database.Dialect), new { message = "msg_" + JobId.Random(), id, type = "audio.transcription." + state.Name() });
        writing.Hints.Add(new JobHint(id, IsQueued: false, HasWebhook: told > 0));
        writing.Counts.Add(metrics => metrics.Ended(state.Name(), lane, code));
    }

    static long Ms(TimeSpan span) => (long)span.TotalMilliseconds;

    /// <summary>What is told and counted after the commit.</summary>
    sealed record Happened(List<JobHint> Hints, List<Action<JobMetrics>> Counts)
    {
        /// <summary>Of a write that is repeated, only the last try happened.</summary>
        public Happened Begin()
        {
            Hints.Clear();
            Counts.Clear();
            return this;
        }
    }

    sealed record Writing(DbConnection Connection, DbTransaction Transaction, Happened Happened, bool OnThisThread)
    {
        public List<JobHint> Hints => Happened.Hints;

        public List<Action<JobMetrics>> Counts => Happened.Counts;

        public Task<int> ExecuteAsync(string sql, object? parameters = null) =>
            OnThisThread ? Task.FromResult(Connection.Execute(sql, parameters, Transaction)) : Connection.ExecuteAsync(sql, parameters, Transaction);

        public Task<T?> FindAsync<T>(string sql, object? parameters = null) => Connection.QueryFirstOrDefaultAsync<T>(sql, parameters, Transaction);

        public async Task<List<T>> ListAsync<T>(string sql, object? parameters = null) => [.. await Connection.QueryAsync<T>(sql, parameters, Transaction)];
    }
}
