namespace TranscriptionApi.Jobs.Store;

/// <summary>
/// The tables, as steps from one version to the next; a database remembers the steps it has taken. Never change a step that was released: add one.
/// </summary>
static class Schema
{
    public static IReadOnlyList<string> Steps(SqlDialect dialect) =>
    [
        $"""
        CREATE TABLE jobs (
            seq {dialect.Serial},
            id TEXT NOT NULL UNIQUE,
            owner TEXT NOT NULL,
            lane TEXT NOT NULL CHECK (lane IN ('interactive', 'batch')),
            state TEXT NOT NULL CHECK (state IN ({string.Join(", ", Enum.GetValues<JobState>().Select(state => $"'{state.Name()}'"))})),
            model TEXT NOT NULL,
            request TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            request_hash TEXT NOT NULL,
            idempotency_key TEXT,
            batch TEXT,
            background INTEGER NOT NULL,
            metadata TEXT,
            webhook_url TEXT,
            audio_path TEXT,
            audio_bytes BIGINT NOT NULL,
            audio_ms BIGINT NOT NULL,
            audio_format TEXT NOT NULL,
            trace TEXT,
            attempt INTEGER NOT NULL,
            crashes INTEGER NOT NULL,
            epoch BIGINT NOT NULL,
            worker TEXT,
            lease_until BIGINT NOT NULL,
            not_before BIGINT NOT NULL,
            wanted_until BIGINT,
            progress_ms BIGINT NOT NULL,
            segments INTEGER NOT NULL,
            error TEXT,
            created_at BIGINT NOT NULL,
            started_at BIGINT,
            ended_at BIGINT,
            expires_at BIGINT) {dialect.BusyTable};
        CREATE UNIQUE INDEX jobs_idempotency ON jobs (owner, idempotency_key) WHERE idempotency_key IS NOT NULL;
        CREATE INDEX jobs_queued ON jobs (lane, seq) WHERE state = 'queued';
        CREATE INDEX jobs_running ON jobs (seq) WHERE state = 'running';
        CREATE INDEX jobs_wanted ON jobs (wanted_until) WHERE wanted_until IS NOT NULL;
        CREATE INDEX jobs_owner ON jobs (owner, seq);
        CREATE INDEX jobs_batch ON jobs (batch, seq) WHERE batch IS NOT NULL;
        CREATE INDEX jobs_audio ON jobs (audio_path) WHERE audio_path IS NOT NULL;
        CREATE INDEX jobs_fingerprint ON jobs (owner, fingerprint);
        CREATE INDEX jobs_expiry ON jobs (expires_at) WHERE expires_at IS NOT NULL;
        CREATE INDEX jobs_spent ON jobs (ended_at) WHERE ended_at IS NOT NULL AND audio_path IS NOT NULL;
        CREATE TABLE transcripts (
            job_id TEXT NOT NULL PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
            epoch BIGINT NOT NULL,
            body {dialect.Bytes} NOT NULL,
            created_at BIGINT NOT NULL);
        CREATE TABLE windows (
            job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            body {dialect.Bytes} NOT NULL,
            PRIMARY KEY (job_id, number));
        CREATE TABLE webhooks (
            id TEXT NOT NULL PRIMARY KEY,
            job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
            type TEXT NOT NULL,
            url TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'given_up')),
            attempts INTEGER NOT NULL,
            due_at BIGINT NOT NULL,
            created_at BIGINT NOT NULL,
            UNIQUE (job_id, type));
        CREATE INDEX webhooks_due ON webhooks (due_at) WHERE state = 'pending';
        CREATE TABLE webhook_attempts (
            webhook_id TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            created_at BIGINT NOT NULL,
            status INTEGER,
            error TEXT,
            duration_ms BIGINT NOT NULL,
            PRIMARY KEY (webhook_id, number));
        CREATE TABLE facts (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
        """,
    ];
}
