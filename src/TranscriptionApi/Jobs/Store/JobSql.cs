namespace TranscriptionApi.Jobs.Store;

/// <summary>
/// Every statement on jobs. States come from <see cref="JobStates"/>, so a move that the table does not know changes no row; what a
/// worker writes is fenced by the epoch of its lease.
/// </summary>
sealed class JobSql(SqlDialect dialect)
{
    const string Columns = """
        seq, id, owner, lane, state, model, request, fingerprint, request_hash, idempotency_key, batch, background, metadata, webhook_url,
        audio_path, audio_bytes, audio_ms, audio_format, trace, attempt, crashes, epoch, worker, lease_until, not_before, wanted_until,
        progress_ms, segments, error, created_at, started_at, ended_at, expires_at
        """;

    /// <summary>Takes the columns of a <see cref="NewJob"/> and @wantedFor.</summary>
    public string Insert { get; } = $"""
        INSERT INTO jobs (id, owner, lane, state, model, request, fingerprint, request_hash, idempotency_key, batch, background, metadata,
            webhook_url, audio_path, audio_bytes, audio_ms, audio_format, trace, attempt, crashes, epoch, lease_until, not_before,
            wanted_until, progress_ms, segments, created_at)
        VALUES (@Id, @Owner, @Lane, 'queued', @Model, @Request, @Fingerprint, @RequestHash, @IdempotencyKey, @Batch, @Background, @Metadata,
            @WebhookUrl, @AudioPath, @AudioBytes, @AudioMs, @AudioFormat, @Trace, 0, 0, 0, 0, 0,
            {dialect.Now} + @WantedFor, 0, 0, {dialect.Now})
        RETURNING {Columns}
        """;

    public string ByIdempotencyKey { get; } = $"SELECT {Columns} FROM jobs WHERE owner = @owner AND idempotency_key = @key";

    /// <summary>
    /// The latest job with the same work to do whose result is there, on its way, or not older than @joinMs. Its row is locked: it must not
    /// be given up, nor erased, between being found and being kept.
    /// </summary>
    public string Joinable { get; } = $"""
        SELECT {Columns} FROM jobs
        WHERE owner = @owner AND fingerprint = @fingerprint AND (@requestHash IS NULL OR (request_hash = @requestHash AND background = 1))
            AND (state IN ('queued', 'running') OR (state = 'completed' AND ended_at > {dialect.Now} - @joinMs AND expires_at > {dialect.Now}))
        ORDER BY seq DESC LIMIT 1 {dialect.ForUpdate}
        """;

    /// <summary>Somebody waits now for a job that was accepted for later.</summary>
    public string Hurry { get; } = "UPDATE jobs SET lane = 'interactive' WHERE id = @id AND lane = 'batch' AND state = 'queued'";

    public string CountQueued { get; } = "SELECT count(*) FROM jobs WHERE state = 'queued' AND (@lane IS NULL OR lane = @lane)";

    public string CountRunning { get; } = "SELECT count(*) FROM jobs WHERE state = 'running'";

    /// <summary>Somebody waits for the job again, or still: never shortens the time.</summary>
    public string KeepWanted { get; } = $"""
        UPDATE jobs SET wanted_until = {dialect.Now} + @ms
        WHERE id = @id AND wanted_until IS NOT NULL AND wanted_until < {dialect.Now} + @ms AND state IN ('queued', 'running')
        """;

    /// <summary>
    /// One statement takes one job, so two workers never take the same. Somebody who waits goes first, unless the first batch job came
    /// earlier and has waited for @ageingMs. Each branch reads one end of an index, and locks the one row that it takes.
    /// </summary>
    public string Claim { get; } = $"""
        UPDATE jobs SET state = '{JobStates.To(JobEvent.Claim)}', attempt = attempt + 1, epoch = epoch + 1, worker = @worker,
            lease_until = {dialect.Now} + @leaseMs, started_at = coalesce(started_at, {dialect.Now})
        WHERE seq = CASE
            WHEN @anyLane = 1 AND EXISTS (
                SELECT 1 FROM (SELECT seq, created_at FROM jobs WHERE {Takeable(dialect, Lane.Batch)} ORDER BY seq LIMIT 1) AS first
                WHERE first.created_at < {dialect.Now} - @ageingMs
                    AND NOT EXISTS (SELECT 1 FROM jobs WHERE {Takeable(dialect, Lane.Interactive)} AND seq < first.seq))
            THEN coalesce({First(dialect, Lane.Batch)}, {First(dialect, Lane.Interactive)})
            WHEN @anyLane = 1 THEN coalesce({First(dialect, Lane.Interactive)}, {First(dialect, Lane.Batch)})
            ELSE {First(dialect, Lane.Interactive)} END
        RETURNING {Columns}
        """;

    public string Renew { get; } = $"UPDATE jobs SET lease_until = {dialect.Now} + @leaseMs WHERE {Held}";

    /// <summary>A job that comes forward by a window is not poison: its crashes are forgotten.</summary>
    public string Advance { get; } = $"""
        UPDATE jobs SET lease_until = {dialect.Now} + @leaseMs, progress_ms = @progressMs, audio_ms = @audioMs,
            segments = @segments, crashes = CASE WHEN @windows > 0 THEN 0 ELSE crashes END
        WHERE {Held}
        """;

    /// <summary>Windows from @first on are replaced: saving the same ones again changes nothing.</summary>
    public string DeleteWindowsFrom { get; } = "DELETE FROM windows WHERE job_id = @id AND number >= @first";

    public string InsertWindow { get; } = "INSERT INTO windows (job_id, number, body) VALUES (@id, @number, @body)";

    public string Finish { get; } = $"""
        UPDATE jobs SET state = '{JobStates.To(JobEvent.Finish)}', worker = NULL, lease_until = 0, error = NULL, audio_ms = @audioMs,
            progress_ms = @audioMs, segments = @segments, wanted_until = NULL, ended_at = {dialect.Now}, expires_at = {dialect.Now} + @keepMs
        WHERE {Held} RETURNING lane
        """;

    public string InsertTranscript { get; } = $"INSERT INTO transcripts (job_id, epoch, body, created_at) VALUES (@id, @epoch, @body, {dialect.Now})";

    public string Fail { get; } = $"UPDATE jobs SET {End(dialect, JobEvent.Fail)}, error = @error WHERE {Held} RETURNING lane";

    public string Retry { get; } = $"""
        UPDATE jobs SET state = '{JobStates.To(JobEvent.Retry)}', worker = NULL, lease_until = 0, error = @error, not_before = {dialect.Now} + @delayMs
        WHERE {Held}
        """;

    public string HandBack { get; } = $"""
        UPDATE jobs SET state = '{JobStates.To(JobEvent.HandBack)}', worker = NULL, lease_until = 0, attempt = attempt - 1
        WHERE {Held}
        """;

    /// <summary>Running jobs whose worker is dead: its lease ran out, or it is one of those that @worker names.</summary>
    public string Orphans { get; } = $"""
        SELECT {Columns} FROM jobs WHERE {In(JobEvent.Reclaim)} AND (lease_until < {dialect.Now} OR worker = @worker)
        ORDER BY seq LIMIT 100 {dialect.SkipLocked}
        """;

    /// <summary>One death may have any reason; a job over which another worker died lets those behind it go first.</summary>
    public string Reclaim { get; } = $"""
        UPDATE jobs SET state = '{JobStates.To(JobEvent.Reclaim)}', worker = NULL, lease_until = 0, crashes = crashes + 1,
            not_before = CASE WHEN crashes = 0 THEN 0 ELSE {dialect.Now} + @suspectMs END
        WHERE {Held}
        """;

    public string Poison { get; } = $"UPDATE jobs SET {End(dialect, JobEvent.Poison)}, crashes = crashes + 1, error = @error WHERE {Held}";

    public string Cancel { get; } = $"UPDATE jobs SET {End(dialect, JobEvent.Cancel)} WHERE id = @id AND owner = @owner AND {In(JobEvent.Cancel)} RETURNING lane";

    public string Abandon { get; } = EndSome(dialect, JobEvent.Abandon, $"wanted_until IS NOT NULL AND wanted_until < {dialect.Now}", "wanted_until, seq");

    /// <summary>A job that was begun is not forgotten, however long it waits for its next attempt.</summary>
    public string Expire { get; } = EndSome(dialect, JobEvent.Expire, $"started_at IS NULL AND created_at < {dialect.Now} - @queuedMs", "lane, seq");

    public string DeleteWindows { get; } = "DELETE FROM windows WHERE job_id = @id";

    public string Windows { get; } = "SELECT body FROM windows WHERE job_id = @id ORDER BY number";

    public string WindowsFrom { get; } = "SELECT body FROM windows WHERE job_id = @id AND number >= @first ORDER BY number";

    public string Find { get; } = $"SELECT {Columns} FROM jobs WHERE id = @id AND (@owner IS NULL OR owner = @owner)";

    public string Transcript { get; } = "SELECT body FROM transcripts WHERE job_id = @id";

    /// <summary>Only the filters that are set are in the statement, so that each finds its index; @after is a number of acceptance (seq).</summary>
    public static string List(JobFilter filter) => $"""
        SELECT {Columns} FROM jobs
        WHERE owner = @owner{(filter.Batch is null ? "" : " AND batch = @batch")}{(filter.State is null ? "" : " AND state = @state")}{(filter.Model is null ? "" : " AND model = @model")}
            {(filter.After is null ? "" : $"AND seq {(filter.NewestFirst ? "<" : ">")} @after")}
        ORDER BY seq {(filter.NewestFirst ? "DESC" : "ASC")} LIMIT @limit
        """;

    /// <summary>What is before a queued job: queued jobs of any owner that are taken earlier, and what is left of running ones.</summary>
    public string Ahead { get; } = $"""
        SELECT CAST(count(*) AS BIGINT) AS Jobs, CAST(coalesce(sum(audio_ms), 0) AS BIGINT) AS QueuedMs,
            (SELECT CAST(coalesce(sum(audio_ms - progress_ms), 0) AS BIGINT) FROM jobs WHERE state = 'running' AND audio_ms > progress_ms) AS RunningMs
        FROM jobs
        WHERE state = 'queued' AND seq <> @seq AND ({Rank(dialect)} < @rank OR ({Rank(dialect)} = @rank AND seq < @seq))
        """;

    public string Erase { get; } = "DELETE FROM jobs WHERE id = @id AND owner = @owner RETURNING audio_path, lane, ended_at";

    /// <summary>Ended jobs whose time is over, some at a time; those that another server erases now are passed by.</summary>
    public string EraseExpired { get; } = $"""
        WITH due AS MATERIALIZED (
            SELECT seq FROM jobs WHERE expires_at IS NOT NULL AND expires_at < {dialect.Now} ORDER BY expires_at, seq LIMIT {AtOnce} {dialect.SkipLocked})
        DELETE FROM jobs WHERE seq IN (SELECT seq FROM due) RETURNING id
        """;

    /// <summary>Files that ended jobs no longer need.</summary>
    public string SpentAudio { get; } = "SELECT id, audio_path AS Path FROM jobs WHERE ended_at IS NOT NULL AND audio_path IS NOT NULL ORDER BY ended_at LIMIT 100";

    public string ForgetAudio { get; } = "UPDATE jobs SET audio_path = NULL WHERE id = @id";

    public string NeedsAudio { get; } = "SELECT count(*) FROM jobs WHERE audio_path = @path AND ended_at IS NULL";

    public string Figures { get; } = $"{FiguresOf(dialect, JobState.Queued)} UNION ALL {FiguresOf(dialect, JobState.Running)}";

    public string Workers { get; } = "SELECT DISTINCT worker FROM jobs WHERE state = 'running' AND worker IS NOT NULL";

    /// <summary>The state of a job, if the epoch is still the same.</summary>
    public string StateUnder { get; } = "SELECT state FROM jobs WHERE id = @id AND epoch = @epoch";

    public string Now { get; } = $"SELECT {dialect.Now}";

    /// <summary>Rows that one statement ends or erases: no transaction of upkeep is long.</summary>
    public const int AtOnce = 100;

    const string Held = "id = @id AND epoch = @epoch AND state = 'running'";

    static string Takeable(SqlDialect dialect, Lane lane) => $"{In(JobEvent.Claim)} AND lane = '{lane.Name()}' AND not_before <= {dialect.Now}";

    static string First(SqlDialect dialect, Lane lane) => $"(SELECT seq FROM jobs WHERE {Takeable(dialect, lane)} ORDER BY seq LIMIT 1 {dialect.SkipLocked})";

    // The order in which Claim takes them.
    static string Rank(SqlDialect dialect) => $"CASE WHEN lane = 'interactive' OR created_at < {dialect.Now} - @ageingMs THEN 0 ELSE 1 END";

    static string FiguresOf(SqlDialect dialect, JobState state) => $"""
        SELECT lane, state, CAST(count(*) AS BIGINT) AS Jobs, CAST(coalesce(sum(audio_ms), 0) AS BIGINT) AS AudioMs, coalesce({dialect.Now} - min(created_at), 0) AS OldestMs
        FROM jobs WHERE state = '{state.Name()}' GROUP BY lane, state
        """;

    static string In(JobEvent happened)
    {
        var states = JobStates.From(happened).Select(state => $"'{state}'").ToList();
        return states is [var only] ? $"state = {only}" : $"state IN ({string.Join(", ", states)})";
    }

    // Rows that another server holds are left to it, so no two wait for each other. The order is that of an index.
    static string EndSome(SqlDialect dialect, JobEvent happened, string due, string order) => $"""
        WITH due AS MATERIALIZED (SELECT seq FROM jobs WHERE {In(happened)} AND {due} ORDER BY {order} LIMIT {AtOnce} {dialect.SkipLocked})
        UPDATE jobs SET {End(dialect, happened)} WHERE seq IN (SELECT seq FROM due) RETURNING id, lane
        """;

    static string End(SqlDialect dialect, JobEvent happened) => $"""
        state = '{JobStates.To(happened)}', worker = NULL, lease_until = 0, wanted_until = NULL, ended_at = {dialect.Now}, expires_at = {dialect.Now} + @keepMs
        """;
}
