namespace TranscriptionApi.Jobs.Store;

/// <summary>The words in which SQLite and PostgreSQL differ, side by side; everything else is one text (see <see cref="JobSql"/>).</summary>
sealed record SqlDialect
{
    /// <summary>The database's clock in milliseconds since 1970: the clocks of workers are never compared.</summary>
    public required string Now { get; init; }

    /// <summary>Taking one row out of a queue: rows that others are taking are passed by.</summary>
    public required string SkipLocked { get; init; }

    /// <summary>Nobody else changes the rows that are read before the end of the transaction.</summary>
    public required string ForUpdate { get; init; }

    /// <summary>Makes calls of one owner follow each other; null where every write does so anyway. Takes @owner.</summary>
    public required string? LockOwner { get; init; }

    /// <summary>Tells other processes; null where there is no such thing. Takes @hint.</summary>
    public required string? Notify { get; init; }

    /// <summary>Type of a number that the database counts up itself.</summary>
    public required string Serial { get; init; }

    /// <summary>Type of bytes.</summary>
    public required string Bytes { get; init; }

    /// <summary>Settings of the table of jobs, whose rows change often.</summary>
    public required string BusyTable { get; init; }

    public static SqlDialect Sqlite { get; } = new()
    {
        Now = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
        SkipLocked = "",
        ForUpdate = "",
        LockOwner = null,
        Notify = null,
        Serial = "INTEGER PRIMARY KEY AUTOINCREMENT",
        Bytes = "BLOB",
        BusyTable = "",
    };

    public static SqlDialect PostgreSql { get; } = new()
    {
        // Of the statement, not of the row (clock_timestamp): only so is an index on a time of any use.
        Now = "(extract(epoch FROM statement_timestamp()) * 1000)::bigint",
        SkipLocked = "FOR UPDATE SKIP LOCKED",
        ForUpdate = "FOR UPDATE",
        LockOwner = "SELECT pg_advisory_xact_lock(hashtextextended(@owner, 0))",
        Notify = "SELECT pg_notify('transcription_jobs', @hint)",
        Serial = "BIGSERIAL PRIMARY KEY",
        Bytes = "BYTEA",
        BusyTable = "WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02)",
    };
}
