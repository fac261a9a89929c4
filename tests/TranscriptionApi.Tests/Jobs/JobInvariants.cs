using System.Data.Common;
using System.Globalization;

namespace TranscriptionApi.Tests.Jobs;

/// <summary>
/// What must hold of the tables at any moment, read with SQL of its own and not through the store, from either database. The numbers are
/// those of the list of promises: I1 one end for every job, I2 one transcript for every success, I3 none of a stale worker, I4 bounded
/// crashes, I6 cancelled stays cancelled, I9 one webhook for every end that is to be told.
/// </summary>
sealed record JobInvariants
{
    /// <summary>Jobs that were accepted, as their owners were told: all of them must be there, but for <see cref="Erased"/>.</summary>
    public IReadOnlyCollection<string> Acknowledged { get; init; } = [];

    /// <summary>Jobs whose erasure was asked for or is due: they may be gone.</summary>
    public IReadOnlyCollection<string> Erased { get; init; } = [];

    /// <summary>Jobs whose owners were told that they are cancelled.</summary>
    public IReadOnlyCollection<string> Cancelled { get; init; } = [];

    /// <summary>Jobs whose workers were told that the transcript is stored.</summary>
    public IReadOnlyCollection<string> Completed { get; init; } = [];

    /// <summary>Deaths of workers over one job after which it must have been given up.</summary>
    public int MaxCrashes { get; init; } = int.MaxValue;

    /// <summary>Attempts at a job; deaths and retries count, an orderly stop does not.</summary>
    public int MaxAttempts { get; init; } = int.MaxValue;

    /// <summary>Jobs that may run at once.</summary>
    public int MaxRunning { get; init; } = int.MaxValue;

    /// <summary>Nothing is left to do: every job has ended, no window is left.</summary>
    public bool IsQuiet { get; init; }

    const string Ended = "('completed', 'failed', 'cancelled', 'expired')";

    // Each finds the rows that break a rule.
    static readonly (string Rule, string Rows)[] Rules =
    [
        ("I1 a state nobody knows", $"SELECT id FROM jobs WHERE state NOT IN ('queued', 'running') AND state NOT IN {Ended}"),
        ("I1 an end without its time", $"SELECT id FROM jobs WHERE state IN {Ended} AND (ended_at IS NULL OR expires_at IS NULL OR expires_at < ended_at)"),
        ("I1 a time of an end before the end", $"SELECT id FROM jobs WHERE state IN ('queued', 'running') AND (ended_at IS NOT NULL OR expires_at IS NOT NULL)"),
        ("I1 an end before the beginning", "SELECT id FROM jobs WHERE ended_at < created_at OR started_at < created_at OR ended_at < started_at"),
        ("I1 running without a worker or a lease", "SELECT id FROM jobs WHERE state = 'running' AND (worker IS NULL OR lease_until = 0 OR epoch < 1 OR started_at IS NULL)"),
        ("I1 a worker of a job that does not run", "SELECT id FROM jobs WHERE state <> 'running' AND (worker IS NOT NULL OR lease_until <> 0)"),
        ("I2 completed without a transcript", "SELECT id FROM jobs WHERE state = 'completed' AND NOT EXISTS (SELECT 1 FROM transcripts t WHERE t.job_id = jobs.id)"),
        ("I2 a transcript of a job that is not completed", "SELECT t.job_id FROM transcripts t LEFT JOIN jobs j ON j.id = t.job_id WHERE j.state IS NULL OR j.state <> 'completed'"),
        ("I2 two transcripts", "SELECT job_id FROM transcripts GROUP BY job_id HAVING count(*) > 1"),
        ("I3 a transcript of a stale worker", "SELECT t.job_id FROM transcripts t JOIN jobs j ON j.id = t.job_id WHERE j.epoch <> t.epoch"),
        ("I4 attempts that were never made", "SELECT id FROM jobs WHERE attempt < 0 OR attempt > epoch OR crashes < 0 OR crashes > epoch"),
        ("windows of a job that ended or is gone", $"SELECT w.job_id FROM windows w LEFT JOIN jobs j ON j.id = w.job_id WHERE j.state IS NULL OR j.state IN {Ended}"),
        ("a gap in the windows", "SELECT job_id FROM windows GROUP BY job_id HAVING min(number) <> 0 OR max(number) + 1 <> count(*)"),
        ("an idempotency key that stands for two jobs", "SELECT min(id) FROM jobs WHERE idempotency_key IS NOT NULL GROUP BY owner, idempotency_key HAVING count(*) > 1"),
        ("I9 an end that nobody will be told", $"SELECT id FROM jobs WHERE webhook_url IS NOT NULL AND state IN {Ended} AND NOT EXISTS (SELECT 1 FROM webhooks w WHERE w.job_id = jobs.id)"),
        ("I9 a webhook that says something else", "SELECT w.job_id FROM webhooks w LEFT JOIN jobs j ON j.id = w.job_id WHERE j.state IS NULL OR w.type <> 'audio.transcription.' || j.state OR w.url <> j.webhook_url"),
        ("I9 two webhooks of one end", "SELECT job_id FROM webhooks GROUP BY job_id HAVING count(*) > 1"),
        ("I9 an attempt at no webhook", "SELECT a.webhook_id FROM webhook_attempts a LEFT JOIN webhooks w ON w.id = a.webhook_id WHERE w.id IS NULL OR w.attempts < a.number"),
    ];

    /// <summary>Fails the test with everything that is wrong.</summary>
    public async Task CheckAsync(DbConnection connection)
    {
        var broken = await BrokenAsync(connection);
        Assert.True(broken.Count == 0, string.Join(Environment.NewLine, broken));
    }

    /// <summary>What is wrong: a rule and some of the jobs that break it; nothing when all is well.</summary>
    public async Task<List<string>> BrokenAsync(DbConnection connection)
    {
        var broken = new List<string>();
        foreach (var (rule, rows) in Rules)
        {
            Add(broken, rule, await ReadAsync(connection, rows));
        }

        Add(broken, "I4 more crashes than allowed", await ReadAsync(connection, Invariant($"SELECT id FROM jobs WHERE crashes > {MaxCrashes} OR (crashes >= {MaxCrashes} AND state = 'queued')")));
        Add(broken, "I4 more attempts than allowed", await ReadAsync(connection, Invariant($"SELECT id FROM jobs WHERE attempt > {MaxAttempts}")));
        var running = await ReadAsync(connection, "SELECT id FROM jobs WHERE state = 'running'");
        Add(broken, "I11 more running than there are places", running.Count > MaxRunning ? running : []);
        var there = (await ReadAsync(connection, "SELECT id FROM jobs")).ToHashSet(StringComparer.Ordinal);
        Add(broken, "I1 accepted and gone", [.. Acknowledged.Except(Erased).Where(id => !there.Contains(id))]);
        var cancelled = (await ReadAsync(connection, "SELECT id FROM jobs WHERE state = 'cancelled'")).ToHashSet(StringComparer.Ordinal);
        Add(broken, "I6 cancelled, and then something else", [.. Cancelled.Where(id => there.Contains(id) && !cancelled.Contains(id))]);
        var completed = (await ReadAsync(connection, "SELECT id FROM jobs WHERE state = 'completed'")).ToHashSet(StringComparer.Ordinal);
        Add(broken, "I2 stored, and then lost", [.. Completed.Where(id => there.Contains(id) && !completed.Contains(id))]);
        if (IsQuiet)
        {
            Add(broken, "I1 not ended", await ReadAsync(connection, $"SELECT id FROM jobs WHERE state NOT IN {Ended}"));
        }

        return broken;
    }

    static void Add(List<string> broken, string rule, List<string> jobs)
    {
        if (jobs.Count > 0)
        {
            broken.Add(Invariant($"{rule}: {jobs.Count} ({string.Join(", ", jobs.Take(3))})"));
        }
    }

    static async Task<List<string>> ReadAsync(DbConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The rules are written here.
        command.CommandText = sql;
#pragma warning restore CA2100
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(reader.GetString(0));
        }

        return rows;
    }

    static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
