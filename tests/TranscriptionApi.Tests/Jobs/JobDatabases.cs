using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Store;

namespace TranscriptionApi.Tests.Jobs;

/// <summary>Both databases for the tests that must hold on both.</summary>
public static class JobDatabases
{
    public const string Sqlite = "SQLite";
    public const string PostgreSql = "PostgreSQL";

    public static TheoryData<string> Both => [Sqlite, PostgreSql];

    /// <summary>An empty store on the named database.</summary>
    internal static async Task<TestStore> OpenAsync(string name, PostgresServer postgres)
    {
        var folder = Directory.CreateTempSubdirectory("transcription-jobs-").FullName;
        IJobDatabase database = name == Sqlite
            ? new SqliteDatabase(Path.Combine(folder, "jobs.db"))
            : new PostgresDatabase(await postgres.NewDatabaseAsync());
        var signals = new JobSignals();
        var store = new JobStore(database, signals, TimeSpan.FromHours(24));
        await store.PrepareAsync(TestContext.Current.CancellationToken);
        return new TestStore(store, database, signals, folder);
    }
}

/// <summary>A store, and what is beneath it.</summary>
sealed record TestStore(JobStore Store, IJobDatabase Database, JobSignals Signals, string Folder) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        Signals.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
