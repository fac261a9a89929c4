using Microsoft.Extensions.Options;
using TranscriptionApi.Engine;

namespace TranscriptionApi.Jobs.Work;

/// <summary>The jobs that this process works on now.</summary>
sealed class RunningJobs(IOptions<EngineOptions> engine, IOptions<JobOptions> jobs)
{
    readonly Lock _lock = new();
    readonly List<RunningJob> _jobs = [];
    TaskCompletionSource _empty = Completed();

    public IReadOnlyList<RunningJob> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _jobs];
            }
        }
    }

    /// <summary>How many this process works on at once; 0 when it leaves the work to others.</summary>
    public int Places { get; } = jobs.Value.WorkHere ? engine.Value.Places() : 0;

    /// <summary>Places that a new job would find free: so many more may be accepted than may wait.</summary>
    public int Free => Math.Max(0, Places - All.Count);

    public void Add(RunningJob job)
    {
        lock (_lock)
        {
            if (_jobs.Count == 0)
            {
                _empty = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            _jobs.Add(job);
        }
    }

    public void Remove(RunningJob job)
    {
        lock (_lock)
        {
            if (_jobs.Remove(job) && _jobs.Count == 0)
            {
                _empty.SetResult();
            }
        }
    }

    /// <summary>Comes true when no job runs.</summary>
    public Task EmptyAsync()
    {
        lock (_lock)
        {
            return _empty.Task;
        }
    }

    static TaskCompletionSource Completed()
    {
        var completed = new TaskCompletionSource();
        completed.SetResult();
        return completed;
    }
}
