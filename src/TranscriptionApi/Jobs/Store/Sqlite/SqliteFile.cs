using Dapper;
using Microsoft.Data.Sqlite;
using TranscriptionApi.Jobs.Audio;
using TranscriptionApi.Settings;

namespace TranscriptionApi.Jobs.Store.Sqlite;

/// <summary>
/// The database file before it is used: on a disk that can hold it, there, whole, and ours. A file that is damaged or lost stops the
/// start; it is never made anew, because jobs that were accepted would be gone without a word.
/// </summary>
sealed class SqliteFile(string path)
{
    readonly string _folder = Path.GetDirectoryName(path)!;

    public async Task MakeReadyAsync(CancellationToken cancellation)
    {
        Directory.CreateDirectory(_folder);
        CheckDisk(_folder, new DriveInfo(_folder).DriveType);

        // Asked for before the file itself: another process that starts now makes the file first and its log then.
        var hasLog = File.Exists($"{path}-wal");
        if (!File.Exists(path))
        {
            if (hasLog)
            {
                throw new InvalidSettingException($"The job database '{path}' is missing, but its log '{path}-wal' is there. Put the file back, or delete the log to begin with an empty queue.");
            }

            await MakeAsync(cancellation);
        }

        await CheckAsync(cancellation);
    }

    /// <summary>The write-ahead log needs memory that processes share, which files on other machines do not have.</summary>
    internal static void CheckDisk(string folder, DriveType type)
    {
        if (type == DriveType.Network)
        {
            throw new InvalidSettingException($"The folder '{folder}' is on a network file system, which cannot hold the job database. Set Data:Folder to a local disk, or Jobs:PostgreSql to share a database.");
        }
    }

    /// <param name="path">The database.</param>
    /// <param name="mode">What SQLite answered when it was asked for the write-ahead log.</param>
    internal static void CheckLog(string path, string? mode)
    {
        if (mode != "wal")
        {
            throw new InvalidSettingException($"The folder '{Path.GetDirectoryName(path)}' cannot hold the job database: its file system has no write-ahead log for SQLite (it answers '{mode}'). Set Data:Folder to a local disk.");
        }
    }

    // Made aside and moved into its place whole: what is empty or half-made under the real name is damage then, and nothing else.
    async Task MakeAsync(CancellationToken cancellation)
    {
        var made = $"{path}.{JobId.Random()}.new";
        try
        {
            var settings = new SqliteConnectionStringBuilder { DataSource = made, Pooling = false };
            await using (var connection = new SqliteConnection(settings.ToString()))
            {
                await connection.OpenAsync(cancellation);
                await connection.ExecuteAsync($"PRAGMA synchronous = FULL; PRAGMA application_id = {SqliteFileKind}");
            }

            File.Move(made, path, overwrite: false);
            DurableFolder.Flush(_folder);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process was first.
        }
        finally
        {
            File.Delete(made);
        }
    }

    async Task CheckAsync(CancellationToken cancellation)
    {
        try
        {
            var settings = new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWrite, Pooling = false };
            await using var connection = new SqliteConnection(settings.ToString());
            await connection.OpenAsync(cancellation);
            var kind = await connection.ExecuteScalarAsync<long>("PRAGMA application_id");
            var fault = kind == SqliteFileKind
                ? await connection.ExecuteScalarAsync<string>("PRAGMA quick_check(1)")
                : new FileInfo(path).Length == 0 ? "the file is empty" : "it is not a job database";
            if (fault != "ok")
            {
                throw Damaged(fault);
            }
        }
        catch (SqliteException error) when (error.SqliteErrorCode is SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB)
        {
            throw Damaged(error.Message);
        }
    }

    InvalidSettingException Damaged(string? fault) =>
        new($"The job database '{path}' is damaged ({fault?.TrimEnd('.')}). Restore it from a backup, or move it and its '-wal' file away to begin with an empty queue.");

    // "TrJ1": a file of another program is not taken for an empty one of ours.
    const int SqliteFileKind = 0x54724A31;
}
