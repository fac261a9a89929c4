using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;
using SQLitePCL;

namespace TranscriptionApi.Jobs.Store;

/// <summary>The one place that tells a database that is away from a fault of ours.</summary>
static class JobStoreErrors
{
    /// <summary>
    /// The database cannot be reached, has no room, or is too busy: the same call may work later, and nobody's request was wrong. Whether a
    /// write was stored is not known then (see <see cref="JobStore.EndedAsync"/>).
    /// </summary>
    public static bool IsOutage(Exception error) => error switch
    {
        SqliteException sqlite => sqlite.SqliteErrorCode
            is raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_READONLY or raw.SQLITE_IOERR or raw.SQLITE_FULL or raw.SQLITE_CANTOPEN or raw.SQLITE_PROTOCOL,
        PostgresException { SqlState: var state } => IsOutage(state),

        // No answer of the server: refused, broken, too slow, or no connection free.
        DbException => error is NpgsqlException,
        _ => false,
    };

    // Classes of PostgreSQL's error codes: connection, authorisation (a changed password), no such database, rolled back for another one's
    // sake, resources, locks, operator intervention, input and output; and a server that only reads while another one takes over.
    static bool IsOutage(string state) =>
        state is "25006" || state[..2] is "08" or "28" or "3D" or "40" or "53" or "55" or "57" or "58";
}
