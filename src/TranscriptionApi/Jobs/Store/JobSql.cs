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

    /// <summary>The latest job with the same work to do whose result is there, on its way, or not older than @joinMs.</summary>
    public string Joinable { get; } = $"""
        SELECT {Columns} FROM jobs
        WHERE owner = @owner AND fingerprint = @fingerprint AND (@requestHash IS NULL OR (request_hash = @requestHash AND background = 1))
            AND (state IN ('queued', 'running') OR (state = 'completed' AND ended_at > {dialect.Now} - @joinMs AND expires_at > {dialect.Now}))
        ORDER BY seq DESC LIMIT 1
        """;

    public string CountQueued { get; } = "SELECT count(*) FROM jobs WHERE state = 'queued' AND (@lane IS NULL OR lane = @lane)";

    public string CountRunning { get; } = "SELECT count(*) FROM jobs WHERE state = 'running'";

    public string OfBatch { get; } = $"SELECT {Columns} FROM jobs WHERE owner = @owner AND batch = @batch ORDER BY seq";

    /// <summary>Somebody waits for the job again, or still: never shortens the time.</summary>
    public string KeepWanted { get; } = $"""
        UPDATE jobs SET wanted_until = {dialect.Now} + @ms
        WHERE id = @id AND wanted_until IS NOT NULL AND wanted_until < {dialect.Now} + @ms AND state IN ('queued', 'running')
        """;

    /// <summary>One statement takes one job, so two workers never take the same. Old batch jobs are no longer passed by.</summary>
    public string Claim { get; } = $"""
        UPDATE jobs SET state = '{JobStates.To(JobEvent.Claim)}', attempt = attempt + 1, epoch = epoch + 1, worker = @worker,
            lease_until = {dialect.Now} + @leaseMs, started_at = coalesce(started_at, {dialect.Now})
        WHERE seq = (
            SELECT seq FROM jobs
            WHERE {In(JobEvent.Claim)} AND not_before <= {dialect.Now} AND (lane = 'interactive' OR @anyLane = 1)
            ORDER BY CASE WHEN lane = 'interactive' OR created_at < {dialect.Now} - @ageingMs THEN 0 ELSE 1 END, seq
            LIMIT 1 {dialect.SkipLocked})
        RETURNING {Columns}
        """;

    public string Renew { get; } = $"UPDATE jobs SET lease_until = {dialect.Now} + @leaseMs WHERE {Held}";

    /// <summary>A job that comes forward is not poison: its crashes are forgotten.</summary>
    public string Advance { get; } = $"""
        UPDATE jobs SET lease_until = {dialect.Now} + @leaseMs, progress_ms = @progressMs, audio_ms = @audioMs, segments = @segments, crashes = 0
        WHERE {Held}
        """;

    /// <summary>Windows from @first on are replaced: saving the same ones again changes nothing.</summary>
    public string DeleteWindowsFrom { get; } = "DELETE FROM windows WHERE job_id = @id AND number >= @first";

    public string InsertWindow { get; } = "INSERT INTO windows (job_id, number, body) VALUES (@id, @number, @body)";

    public string Finish { get; } = $"""
        UPDATE jobs SET state = '{JobStates.To(JobEvent.Finish)}', worker = NULL, lease_until = 0, error = NULL, audio_ms = @audioMs,
            progress_ms = @audioMs, segments = @segments, ended_at = {dialect.Now}, expires_at = {dialect.Now} + @keepMs
        WHERE {Held}
        """;

    public string InsertTranscript { get; } = $"INSERT INTO transcripts (job_id, epoch, body, created_at) VALUES (@id, @epoch, @body, {dialect.Now})";

    public string Fail { get; } = $"UPDATE jobs SET {End(dialect, JobEvent.Fail)}, error = @error WHERE {Held}";

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

    public string Reclaim { get; } = $"""
        UPDATE jobs SET state = '{JobStates.To(JobEvent.Reclaim)}', worker = NULL, lease_until = 0, crashes = crashes + 1, not_before = 0
        WHERE {Held}
        """;

    public string Poison { get; } = $"UPDATE jobs SET {End(dialect, JobEvent.Poison)}, crashes = crashes + 1, error = @error WHERE {Held}";

    public string Cancel { get; } = $"UPDATE jobs SET {End(dialect, JobEvent.Cancel)} WHERE id = @id AND owner = @owner AND {In(JobEvent.Cancel)}";

    public string Abandon { get; } = $"""
        UPDATE jobs SET {End(dialect, JobEvent.Abandon)} WHERE {In(JobEvent.Abandon)} AND wanted_until IS NOT NULL AND wanted_until < {dialect.Now} RETURNING id
        """;

    public string Expire { get; } = $"""
        UPDATE jobs SET {End(dialect, JobEvent.Expire)} WHERE {In(JobEvent.Expire)} AND created_at < {dialect.Now} - @queuedMs RETURNING id
        """;

    public string DeleteWindows { get; } = "DELETE FROM windows WHERE job_id = @id";

    public string Windows { get; } = "SELECT body FROM windows WHERE job_id = @id ORDER BY number";

    public string WindowsFrom { get; } = "SELECT body FROM windows WHERE job_id = @id AND number >= @first ORDER BY number";

    public string Find { get; } = $"SELECT {Columns} FROM jobs WHERE id = @id AND (@owner IS NULL OR owner = @owner)";

    public string Transcript { get; } = "SELECT body FROM transcripts WHERE job_id = @id";

    /// <summary>@after is a number of acceptance (seq), null for no bound.</summary>
    public static string List(bool newestFirst) => $"""
        SELECT {Columns} FROM jobs
        WHERE owner = @owner AND (@state IS NULL OR state = @state) AND (@batch IS NULL OR batch = @batch) AND (@model IS NULL OR model = @model)
            AND (@after IS NULL OR seq {(newestFirst ? "<" : ">")} @after)
        ORDER BY seq {(newestFirst ? "DESC" : "ASC")} LIMIT @limit
        """;

    /// <summary>What is before a queued job: queued jobs of any owner that are taken earlier, and what is left of running ones.</summary>
    public string Ahead { get; } = $"""
        SELECT CAST(coalesce(sum(CASE WHEN state = 'queued' THEN 1 ELSE 0 END), 0) AS BIGINT) AS Jobs,
            CAST(coalesce(sum(CASE WHEN state = 'queued' THEN audio_ms ELSE 0 END), 0) AS BIGINT) AS QueuedMs,
            CAST(coalesce(sum(CASE WHEN state = 'running' AND audio_ms > progress_ms THEN audio_ms - progress_ms ELSE 0 END), 0) AS BIGINT) AS RunningMs
        FROM jobs
        WHERE state = 'running'
            OR (state = 'queued' AND seq <> @seq
                AND (CASE WHEN lane = 'interactive' OR created_at < {dialect.Now} - @ageingMs THEN 0 ELSE 1 END < @rank
                    OR (CASE WHEN lane = 'interactive' OR created_at < {dialect.Now} - @ageingMs THEN 0 ELSE 1 END = @rank AND seq < @seq)))
        """;

    public string Erase { get; } = "DELETE FROM jobs WHERE id = @id AND owner = @owner RETURNING audio_path";

    /// <summary>Ended jobs whose time is over.</summary>
    public string EraseExpired { get; } = $"DELETE FROM jobs WHERE ended_at IS NOT NULL AND expires_at < {dialect.Now} RETURNING audio_path";

    /// <summary>Files that ended jobs no longer need.</summary>
    public string SpentAudio { get; } = "SELECT id, audio_path AS Path FROM jobs WHERE ended_at IS NOT NULL AND audio_path IS NOT NULL LIMIT 100";

    public string ForgetAudio { get; } = "UPDATE jobs SET audio_path = NULL WHERE id = @id";

    public string NeedsAudio { get; } = "SELECT count(*) FROM jobs WHERE audio_path = @path AND ended_at IS NULL";

    public string Figures { get; } = $"""
        SELECT lane, state, count(*) AS Jobs, CAST(coalesce(sum(audio_ms), 0) AS BIGINT) AS AudioMs, coalesce({dialect.Now} - min(created_at), 0) AS OldestMs
        FROM jobs WHERE state IN ('queued', 'running') GROUP BY lane, state
        """;

    public string Workers { get; } = "SELECT DISTINCT worker FROM jobs WHERE state = 'running' AND worker IS NOT NULL";

    public string Now { get; } = $"SELECT {dialect.Now}";

    const string Held = "id = @id AND epoch = @epoch AND state = 'running'";

    static string In(JobEvent happened) => $"state IN ({string.Join(", ", JobStates.From(happened).Select(state => $"'{state}'"))})";

    static string End(SqlDialect dialect, JobEvent happened) =>
        $"state = '{JobStates.To(happened)}', worker = NULL, lease_until = 0, ended_at = {dialect.Now}, expires_at = {dialect.Now} + @keepMs";
}
