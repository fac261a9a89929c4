using System.Diagnostics;
using Microsoft.Extensions.Options;
using TranscriptionApi.Jobs.Store;

namespace TranscriptionApi.Jobs.Work;

/// <summary>
/// Keeps the leases of running jobs, and saves their windows. On a thread of its own: transcribing loads every processor for hours, and
/// whoever works is not to be taken for dead because of that,
/// nor because the thread pool has no thread left.
/// </summary>
sealed partial class LeaseKeeper(RunningJobs running, JobStore store, IOptions<JobOptions> options, ILogger<LeaseKeeper> logger) : IHostedService, IDisposable
{
    // A resumed job repeats at most so much; more often would only wear out the disk.
    static readonly TimeSpan SavePause = TimeSpan.FromSeconds(1);

    readonly ManualResetEventSlim _stop = new();
    readonly JobOptions _options = options.Value;
    Thread? _thread;
    bool _isFailing;

    TimeSpan Tick => _options.Heartbeat() / 5 < SavePause ? _options.Heartbeat() / 5 : SavePause;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _thread = new Thread(Run) { Name = "Job leases", IsBackground = true, Priority = ThreadPriority.AboveNormal };
        _thread.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _stop.Set();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _stop.Set();
        _thread?.Join(TimeSpan.FromSeconds(10));
        _stop.Dispose();
    }

    void Run()
    {
        while (!_stop.Wait(Tick))
        {
            foreach (var job in running.All)
            {
                try
                {
                    Keep(job);
                }
                catch (Exception error)
                {
                    // Tried again at the next tick; when that goes on for too long, the job's own timer ends the work.
                    if (!_isFailing)
                    {
                        LogFailed(error, job.Job.Id);
                    }

                    _isFailing = true;
                }
            }
        }
    }

    void Keep(RunningJob job)
    {
        var asked = Stopwatch.GetTimestamp();
        var unsaved = Stopwatch.GetElapsedTime(job.SavedAt, asked) >= SavePause ? job.Unsaved() : null;
        var isDue = Stopwatch.GetElapsedTime(job.RenewedAt, asked) >= _options.Heartbeat();
        if (job.Cause is not null || (unsaved is null && !isDue))
        {
            return;
        }

        var isOurs = unsaved is { } windows
            ? store.SaveWindows(job.Job.Lease, windows, _options.Lease())
            : store.Renew(job.Job.Lease, _options.Lease());
        if (!isOurs)
        {
            job.Stop(WorkStop.Lost);
            return;
        }

        _isFailing = false;
        job.Renewed(asked);
        if (unsaved is { } saved)
        {
            job.Saved(saved);
            Checkpoint.Reach(Checkpoint.WindowsSaved);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The lease of job {Job} could not be renewed; tried again.")]
    partial void LogFailed(Exception error, string job);
}
