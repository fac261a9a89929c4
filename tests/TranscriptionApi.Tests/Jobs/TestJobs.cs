using System.Globalization;
using SpeechEngine;
using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Transcriptions;

namespace TranscriptionApi.Tests.Jobs;

/// <summary>Jobs as tests need them: every one has work of its own and belongs to one owner, unless a test says otherwise.</summary>
static class TestJobs
{
    public const string Owner = "owner";
    public const string Worker = "worker";

    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);
    public static readonly AcceptRules Rules = new(MaxQueued: 100_000, MaxInteractive: 100_000, Join: TimeSpan.FromMinutes(15));
    public static readonly JobError Error = new(500, "server_error", "It did not work.", null, "internal_error");

    static int _made;

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static NewJob New(Lane lane = Lane.Interactive, string? work = null, string? key = null, TimeSpan? wantedFor = null, bool background = false)
    {
        work ??= string.Create(CultureInfo.InvariantCulture, $"work-{Interlocked.Increment(ref _made)}");
        return new NewJob
        {
            Id = JobId.New(),
            Owner = Owner,
            Lane = lane,
            Request = new JobRequest { Model = "alpha", Options = new TranscribeOptions(), Format = "json", Layout = new Layout() },
            Fingerprint = work,
            RequestHash = work,
            IdempotencyKey = key,
            Background = background,
            WebhookUrl = "https://example.com/hook",
            AudioPath = $"audio/{JobId.Random()}",
            AudioBytes = 100,
            AudioMs = 60_000,
            AudioFormat = "wav",
            WantedFor = wantedFor,
        };
    }

    public static async Task<Job> AcceptAsync(this TestStore jobs, NewJob? job = null)
    {
        var accepted = await jobs.Store.AcceptAsync([job ?? New()], Rules, Stop);
        Assert.Equal(Acceptance.Accepted, accepted.Outcome);
        return Assert.Single(accepted.Jobs);
    }

    public static Task<Job?> TryClaimAsync(this TestStore jobs, string worker = Worker, bool anyLane = true) => jobs.Store.ClaimAsync(worker, anyLane, Lease, Stop);

    public static async Task<Job> ClaimAsync(this TestStore jobs, string worker = Worker)
    {
        var job = await jobs.TryClaimAsync(worker);
        Assert.NotNull(job);
        return job;
    }

    public static Task<bool> SaveAsync(this TestStore jobs, Job job, int windows = 1) => jobs.Store.SaveWindowsAsync(
        job.Lease, [.. Enumerable.Repeat(new SavedWindow(0, ScriptedEngine.Hello), windows)], TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60), Lease, Stop);

    /// <summary>Windows after those that are saved.</summary>
    public static async Task<bool> SaveWindowsAsync(
        this JobStore store, JobLease lease, IReadOnlyList<SavedWindow> windows, TimeSpan progress, TimeSpan audio, TimeSpan duration, CancellationToken stop)
    {
        var before = await store.WindowsAsync(lease.Id, stop);
        var segments = before.Concat(windows).Sum(window => window.Window.Segments.Count);
        return store.SaveWindows(lease, new JobAdvance(before.Count, windows, segments, progress, audio), duration);
    }

    public static Task<bool> FinishAsync(this TestStore jobs, Job job) => jobs.Store.FinishAsync(job.Lease, [1, 2, 3], 2, TimeSpan.FromSeconds(61), Stop);

    public static Task<bool> RetryAsync(this TestStore jobs, Job job, TimeSpan delay = default) => jobs.Store.RetryAsync(job.Lease, Error, delay, Stop);

    public static Task<Reclaimed> ReclaimAsync(this TestStore jobs, string? deadWorker = null, int maxCrashes = 3) =>
        jobs.Store.ReclaimAsync(deadWorker, maxCrashes, Error, Stop);

    public static async Task<Job> FindAsync(this TestStore jobs, string id)
    {
        var job = await jobs.Store.FindAsync(id, Stop);
        Assert.NotNull(job);
        return job;
    }

    public static async Task<JobState> StateAsync(this TestStore jobs, string id) => (await jobs.FindAsync(id)).State;
}
