using System.Globalization;
using System.Text;
using Dapper;
using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Store;

namespace TranscriptionApi.Tests.Jobs.Store;

/// <summary>
/// Random histories, compared with the model after every step: what a call answered and what is in the tables. The shortest failing part of a
/// history is told with its seed. JOB_HISTORIES sets how many there are, JOB_SEED the first.
/// </summary>
public sealed class JobHistoryTests(PostgresServer postgres)
{
    const int Steps = 60;

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(JobDatabases.Both), MemberType = typeof(JobDatabases))]
    public async Task Store_and_model_agree_after_every_step_of_any_history(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var first = Number("JOB_SEED", Random.Shared.Next(1_000_000));
        for (var seed = first; seed < first + Number("JOB_HISTORIES", 100); seed++)
        {
            await new History(jobs, seed).RunAsync();
        }
    }

    static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : otherwise;

    sealed class History(TestStore jobs, int seed)
    {
        static readonly string[] Owners = ["anna", "bert"];
        static readonly string[] Workers = ["one", "two"];

        // Time passes in steps that are well off every limit, because the database's clock goes on a little meanwhile.
        static readonly TimeSpan[] Spans = [TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(45), TimeSpan.FromMinutes(3), TimeSpan.FromMinutes(14), TimeSpan.FromHours(1.3), TimeSpan.FromHours(30)];

        readonly Random _random = new(seed);
        readonly JobModel _model = new();
        readonly List<JobLease> _leases = [];
        readonly StringBuilder _told = new();

        public async Task RunAsync()
        {
            await jobs.EmptyAsync();
            for (var step = 0; step < Steps; step++)
            {
                var (what, said, expected) = await StepAsync();
                _told.AppendLine(CultureInfo.InvariantCulture, $"{step,3} {what}: {said}");
                Agree(expected, said);
                var (model, stored) = (_model.Rows.OrderBy(row => row.Id, StringComparer.Ordinal).Select(row => row.ToString()), await TablesAsync());
                Agree(string.Join('\n', model), string.Join('\n', stored));
            }

            await jobs.CheckAsync(new JobInvariants { Acknowledged = [.. _model.Rows.Select(row => row.Id)], MaxCrashes = JobModel.MaxCrashes });
            Agree(string.Join('\n', Webhooks().Order()), string.Join('\n', (await StoredWebhooksAsync()).Order()));
        }

        void Agree(string expected, string actual) =>
            Assert.True(expected == actual, $"History {seed} (JOB_SEED={seed} JOB_HISTORIES=1 repeats it):\n{_told}\nexpected\n{expected}\nbut was\n{actual}");

        // A call, what the store answered, what the model answers.
        async Task<(string What, string Said, string Expected)> StepAsync()
        {
            var owner = Pick(Owners);
            var worker = Pick(Workers);
            var id = _model.Rows.Count == 0 ? "none" : Pick(_model.Rows).Id;
            var lease = _leases.Count == 0 ? new JobLease("none", 1) : _random.Next(3) == 0 ? Pick(_leases) : _leases[^1];
            switch (_random.Next(32))
            {
                case < 8:
                    return await AcceptAsync(owner);
                case < 14:
                    return await ClaimAsync(worker, anyLane: _random.Next(4) > 0);
                case 14:
                    return ($"renew {lease}", $"{jobs.Store.Renew(lease, TestJobs.Lease)}", $"{_model.Renew(lease)}");
                case < 18:
                    var windows = _random.Next(3);
                    return ($"save {windows} {lease}", $"{await jobs.Store.SaveWindowsAsync(lease, [.. Enumerable.Repeat(new SavedWindow(0, ScriptedEngine.Hello), windows)], default, default, TestJobs.Lease, Stop)}", $"{_model.Save(lease, windows)}");
                case < 20:
                    byte[] transcript = [(byte)lease.Epoch, (byte)_random.Next(256)];
                    return ($"finish {lease}", $"{await jobs.Store.FinishAsync(lease, transcript, 1, default, Stop)}", $"{_model.Finish(lease, transcript)}");
                case 20:
                    return ($"fail {lease}", $"{await jobs.Store.FailAsync(lease, TestJobs.Error, Stop)}", $"{_model.Fail(lease)}");
                case 21:
                    return ($"retry {lease}", $"{await jobs.Store.RetryAsync(lease, TestJobs.Error, JobModel.Delay, Stop)}", $"{_model.Retry(lease)}");
                case 22:
                    return ($"hand back {lease}", $"{await jobs.Store.HandBackAsync(lease, Stop)}", $"{_model.HandBack(lease)}");
                case 23:
                    return ($"reclaim of {worker}", Told(await jobs.ReclaimAsync(worker, JobModel.MaxCrashes)), $"{_model.Reclaim(worker)}");
                case 24:
                    return ("reclaim", Told(await jobs.ReclaimAsync(null, JobModel.MaxCrashes)), $"{_model.Reclaim(null)}");
                case 25:
                    return ($"cancel {id} of {owner}", $"{await jobs.Store.CancelAsync(owner, id, Stop)}", $"{_model.Cancel(owner, id)}");
                case 26:
                    await jobs.Store.KeepWantedAsync(id, JobModel.Wanted, Stop);
                    _model.KeepWanted(id);
                    return ($"keep {id} wanted", "", "");
                case 27:
                    return ("abandon", $"{await jobs.Store.AbandonAsync(Stop)}", $"{_model.Abandon()}");
                case 28:
                    return ("expire", $"{await jobs.Store.ExpireAsync(JobModel.MaxQueuedTime, Stop)}", $"{_model.Expire()}");
                case 29:
                    return _random.Next(3) > 0
                        ? ("erase what is over", $"{await jobs.Store.EraseExpiredAsync(Stop)}", $"{_model.EraseExpired()}")
                        : ($"erase {id} of {owner}", $"{await jobs.Store.EraseAsync(owner, id, Stop) is not null}", $"{_model.Erase(owner, id)}");
                default:
                    var span = Pick(Spans);
                    await jobs.AgeAsync(span);
                    _model.Now += span;
                    return ($"{span} pass", "", "");
            }
        }

        async Task<(string, string, string)> AcceptAsync(string owner)
        {
            var background = _random.Next(3) == 0;
            var job = TestJobs.New(
                _random.Next(2) == 0 ? Lane.Batch : Lane.Interactive,
                work: Pick(["w1", "w2", "w3", null]),
                key: _random.Next(4) == 0 ? Pick(["k1", "k2"]) : null,
                wantedFor: background ? null : JobModel.Wanted,
                background);
            job = job with { Owner = owner, WebhookUrl = _random.Next(2) == 0 ? "https://example.com/hook" : null };
            var rules = TestJobs.Rules with { MaxQueued = JobModel.MaxQueued };
            var accepted = await jobs.Store.AcceptAsync([job], rules, Stop);
            var (outcome, row) = _model.Accept(job);
            return ($"{owner} asks for {job.Fingerprint} as {job.IdempotencyKey}", $"{accepted.Outcome} {accepted.Jobs.SingleOrDefault()?.Id}", $"{outcome} {row?.Id}");
        }

        async Task<(string, string, string)> ClaimAsync(string worker, bool anyLane)
        {
            var claimed = await jobs.TryClaimAsync(worker, anyLane);
            var row = _model.Claim(worker, anyLane);
            if (claimed is not null)
            {
                _leases.Add(claimed.Lease);
            }

            return ($"{worker} claims of {(anyLane ? "both lanes" : "one lane")}", $"{claimed?.Id} {claimed?.Epoch}", $"{row?.Id} {row?.Epoch}");
        }

        Task<List<string>> TablesAsync() => jobs.ReadAsync(async connection => (await connection.QueryAsync<Stored>(
            "SELECT j.id, lane, state, attempt, crashes, j.epoch, worker, wanted_until, ended_at, (SELECT count(*) FROM windows w WHERE w.job_id = j.id) AS windows, t.body AS transcript FROM jobs j LEFT JOIN transcripts t ON t.job_id = j.id"))
            .OrderBy(row => row.Id, StringComparer.Ordinal).Select(row => row.ToString()).ToList());

        IEnumerable<string> Webhooks() =>
            _model.Webhooks.Where(told => _model.Rows.Exists(row => row.Job.WebhookUrl is not null && told.StartsWith(row.Id, StringComparison.Ordinal)));

        Task<List<string>> StoredWebhooksAsync() =>
            jobs.ReadAsync(async connection => (await connection.QueryAsync<string>("SELECT job_id || ' ' || type FROM webhooks")).AsList());

        static string Told(Reclaimed reclaimed) => $"({reclaimed.Requeued}, {reclaimed.Poisoned})";

        T Pick<T>(IReadOnlyList<T> among) => among[_random.Next(among.Count)];
    }

    sealed class Stored
    {
        public required string Id { get; init; }

        public required string Lane { get; init; }

        public required string State { get; init; }

        public int Attempt { get; init; }

        public int Crashes { get; init; }

        public long Epoch { get; init; }

        public string? Worker { get; init; }

        public long? WantedUntil { get; init; }

        public long? EndedAt { get; init; }

        public long Windows { get; init; }

        public byte[]? Transcript { get; init; }

        public override string ToString() =>
            $"{Id} {Capital(Lane)} {Capital(State)} attempt {Attempt} crashes {Crashes} epoch {Epoch} by {Worker} windows {Windows} wanted {WantedUntil is not null} ended {EndedAt is not null} transcript {(Transcript is null ? "" : Convert.ToHexString(Transcript))}";

        static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];
    }
}
