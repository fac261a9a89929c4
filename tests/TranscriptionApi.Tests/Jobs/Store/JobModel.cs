using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Store;

namespace TranscriptionApi.Tests.Jobs.Store;

/// <summary>
/// What the store should do, as plain objects: written from the promises and not from the statements. Time is a number that only the history moves.
/// </summary>
sealed class JobModel
{
    public const int MaxCrashes = 3;
    public const int MaxQueued = 12;

    public static readonly TimeSpan Delay = TimeSpan.FromSeconds(40);
    public static readonly TimeSpan Wanted = TimeSpan.FromMinutes(5);
    public static readonly TimeSpan MaxQueuedTime = TimeSpan.FromHours(2);

    static readonly TimeSpan Ageing = TimeSpan.FromMinutes(15);

    long _accepted;

    public TimeSpan Now { get; set; }

    public List<Row> Rows { get; } = [];

    /// <summary>Webhooks so far, as "job type".</summary>
    public HashSet<string> Webhooks { get; } = [];

    public sealed class Row
    {
        public required NewJob Job { get; init; }

        public string Id => Job.Id;

        public long Order { get; init; }

        public Lane Lane { get; set; }

        public JobState State { get; set; }

        public int Attempt { get; set; }

        public int Crashes { get; set; }

        public long Epoch { get; set; }

        public string? Worker { get; set; }

        public TimeSpan LeaseUntil { get; set; }

        public TimeSpan NotBefore { get; set; } = TimeSpan.MinValue;

        public TimeSpan? WantedUntil { get; set; }

        public TimeSpan Created { get; init; }

        public bool WasBegun { get; set; }

        public TimeSpan? Ended { get; set; }

        public int Windows { get; set; }

        public byte[]? Transcript { get; set; }

        /// <summary>What is compared with the store, step by step.</summary>
        public override string ToString() =>
            $"{Id} {Lane} {State} attempt {Attempt} crashes {Crashes} epoch {Epoch} by {Worker} windows {Windows} wanted {WantedUntil is not null} ended {Ended is not null} transcript {(Transcript is null ? "" : Convert.ToHexString(Transcript))}";
    }

    public (string Outcome, Row? Row) Accept(NewJob job)
    {
        if (job.IdempotencyKey is { } key && Rows.Find(row => row.Job.Owner == job.Owner && row.Job.IdempotencyKey == key) is { } named)
        {
            return named.Job.RequestHash == job.RequestHash ? Join(named, job) : ("KeyReused", null);
        }

        if (job.IdempotencyKey is null && Rows.Where(row => CanJoin(row, job)).MaxBy(row => row.Order) is { } twin)
        {
            return Join(twin, job);
        }

        if (Rows.Count(row => row.State == JobState.Queued) >= MaxQueued)
        {
            return ("Full", null);
        }

        var added = new Row
        {
            Job = job,
            Order = ++_accepted,
            Lane = job.Lane,
            State = JobState.Queued,
            Created = Now,
            WantedUntil = job.WantedFor is { } wanted ? Now + wanted : null,
        };
        Rows.Add(added);
        return ("Accepted", added);
    }

    public Row? Claim(string worker, bool anyLane)
    {
        var next = Rows.Where(row => row.State == JobState.Queued && row.NotBefore <= Now && (anyLane || row.Lane == Lane.Interactive))
            .OrderBy(row => row.Lane == Lane.Interactive || row.Created < Now - Ageing ? 0 : 1).ThenBy(row => row.Order).FirstOrDefault();
        if (next is not null)
        {
            next.State = JobState.Running;
            next.Attempt++;
            next.Epoch++;
            next.Worker = worker;
            next.WasBegun = true;
            next.LeaseUntil = Now + TestJobs.Lease;
        }

        return next;
    }

    /// <summary>The row that a lease still gives a right to.</summary>
    public Row? Held(JobLease lease) => Rows.Find(row => row.Id == lease.Id && row.Epoch == lease.Epoch && row.State == JobState.Running);

    public bool Renew(JobLease lease) => Change(Held(lease), row => row.LeaseUntil = Now + TestJobs.Lease);

    public bool Save(JobLease lease, int windows) => Change(Held(lease), row =>
    {
        row.LeaseUntil = Now + TestJobs.Lease;
        row.Windows += windows;
        row.Crashes = windows > 0 ? 0 : row.Crashes;
    });

    public bool Finish(JobLease lease, byte[] transcript) => Change(Held(lease), row =>
    {
        End(row, JobState.Completed);
        row.Transcript = transcript;
    });

    public bool Fail(JobLease lease) => Change(Held(lease), row => End(row, JobState.Failed));

    public bool Retry(JobLease lease) => Change(Held(lease), row => ToQueue(row, Now + Delay));

    public bool HandBack(JobLease lease) => Change(Held(lease), row =>
    {
        row.Attempt--;
        ToQueue(row, row.NotBefore);
    });

    public (int Requeued, int Poisoned) Reclaim(string? deadWorker)
    {
        int requeued = 0, poisoned = 0;
        foreach (var row in Rows.Where(row => row.State == JobState.Running && (row.LeaseUntil < Now || (deadWorker is not null && row.Worker == deadWorker))))
        {
            row.Crashes++;
            if (row.Crashes >= MaxCrashes)
            {
                End(row, JobState.Failed);
                poisoned++;
            }
            else
            {
                ToQueue(row, row.Crashes == 1 ? TimeSpan.MinValue : Now + JobStore.SuspectPause);
                requeued++;
            }
        }

        return (requeued, poisoned);
    }

    public bool Cancel(string owner, string id) =>
        Change(Rows.Find(row => row.Id == id && row.Job.Owner == owner && IsLive(row)), row => End(row, JobState.Cancelled));

    public void KeepWanted(string id) => KeepWanted(Rows.Find(row => row.Id == id), Wanted);

    public int Abandon() => EndAll(row => IsLive(row) && row.WantedUntil < Now, JobState.Cancelled);

    public int Expire() => EndAll(row => row.State == JobState.Queued && !row.WasBegun && row.Created < Now - MaxQueuedTime, JobState.Expired);

    public bool Erase(string owner, string id) => Rows.RemoveAll(row => row.Id == id && row.Job.Owner == owner) == 1;

    public int EraseExpired() => Rows.RemoveAll(row => row.Ended is { } ended && ended + TestStore.Keep < Now);

    static bool IsLive(Row row) => row.State is JobState.Queued or JobState.Running;

    static bool Change(Row? row, Action<Row> change)
    {
        if (row is not null)
        {
            change(row);
        }

        return row is not null;
    }

    static void ToQueue(Row row, TimeSpan notBefore)
    {
        row.State = JobState.Queued;
        row.Worker = null;
        row.NotBefore = notBefore;
    }

    bool CanJoin(Row row, NewJob job) => row.Job.Owner == job.Owner && row.Job.Fingerprint == job.Fingerprint
        && (!job.Background || (row.Job.Background && row.Job.RequestHash == job.RequestHash))
        && (IsLive(row) || (row.State == JobState.Completed && Now - row.Ended < TestJobs.Rules.Join));

    (string, Row) Join(Row row, NewJob job)
    {
        if (job.WantedFor is { } wanted)
        {
            KeepWanted(row, wanted);
        }

        row.Lane = row.State == JobState.Queued && job.Lane == Lane.Interactive ? Lane.Interactive : row.Lane;
        return ("Joined", row);
    }

    void KeepWanted(Row? row, TimeSpan time)
    {
        if (row is { WantedUntil: { } until } && IsLive(row) && until < Now + time)
        {
            row.WantedUntil = Now + time;
        }
    }

    int EndAll(Func<Row, bool> which, JobState state)
    {
        var ended = Rows.Where(which).ToList();
        ended.ForEach(row => End(row, state));
        return ended.Count;
    }

    void End(Row row, JobState state)
    {
        row.State = state;
        row.Worker = null;
        row.WantedUntil = null;
        row.Ended = Now;
        row.Windows = 0;
        Webhooks.Add($"{row.Id} audio.transcription.{state.Name()}");
    }
}
