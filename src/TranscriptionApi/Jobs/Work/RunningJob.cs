using System.Diagnostics;
using TranscriptionApi.Jobs.Store;

namespace TranscriptionApi.Jobs.Work;

/// <summary>Why the work on a job stops before it is done.</summary>
enum WorkStop
{
    /// <summary>The job is another worker's, or ended: cancelled, abandoned, erased.</summary>
    Lost,

    /// <summary>The lease could not be renewed in time, so the job may be another worker's.</summary>
    Fenced,

    /// <summary>This process stops.</summary>
    Draining,
}

/// <summary>
/// A job that this process works on, and what of the work is not saved yet. The work stops by itself when its lease is not renewed: a timer
/// of this process decides that, whatever the database or its clock do.
/// </summary>
sealed class RunningJob : IDisposable
{
    readonly Lock _lock = new();
    readonly List<SavedWindow> _windows = [];
    readonly CancellationTokenSource _stop = new();
    readonly TimeSpan _selfFence;
    WorkStop? _cause;
    int _saved;
    TimeSpan _progress;
    TimeSpan _audio;

    /// <param name="job">As it was claimed.</param>
    /// <param name="claimedAt">Timestamp of before the claim was sent.</param>
    /// <param name="selfFence">How long the work goes on without a renewal.</param>
    public RunningJob(Job job, long claimedAt, TimeSpan selfFence)
    {
        Job = job;
        _selfFence = selfFence;
        SavedAt = Stopwatch.GetTimestamp();
        Renewed(claimedAt);
    }

    public Job Job { get; }

    /// <summary>The work is to stop; <see cref="Cause"/> says why.</summary>
    public CancellationToken Stopped => _stop.Token;

    /// <summary>Why the work is to stop; null while it may go on.</summary>
    public WorkStop? Cause
    {
        get
        {
            lock (_lock)
            {
                return _cause ?? (_stop.IsCancellationRequested ? WorkStop.Fenced : null);
            }
        }
    }

    /// <summary>When the lease was last known to be ours.</summary>
    public long RenewedAt { get; private set; }

    /// <summary>When windows were last saved, at first when the work began.</summary>
    public long SavedAt { get; private set; }

    /// <summary>When the last window was finished, at first when the work began.</summary>
    public long AdvancedAt { get; private set; } = Stopwatch.GetTimestamp();

    /// <summary>Begins with what an earlier attempt saved.</summary>
    public void Resume(IReadOnlyList<SavedWindow> saved)
    {
        lock (_lock)
        {
            _windows.Clear();
            _windows.AddRange(saved);
            _saved = saved.Count;
        }
    }

    /// <summary>A window is finished.</summary>
    /// <param name="window">The window.</param>
    /// <param name="progress">How far the work has come into the audio, all channels counted.</param>
    /// <param name="audio">Length of the audio, all channels counted.</param>
    public void Advance(SavedWindow window, TimeSpan progress, TimeSpan audio)
    {
        lock (_lock)
        {
            _windows.Add(window);
            _progress = progress;
            _audio = audio;
            AdvancedAt = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>All windows so far.</summary>
    public IReadOnlyList<SavedWindow> Windows()
    {
        lock (_lock)
        {
            return [.. _windows];
        }
    }

    /// <summary>Windows that are not saved yet; null when there are none.</summary>
    public JobAdvance? Unsaved()
    {
        lock (_lock)
        {
            return _windows.Count == _saved
                ? null
                : new JobAdvance(_saved, _windows[_saved..], _windows.Sum(window => window.Window.Segments.Count), _progress, _audio);
        }
    }

    public void Saved(JobAdvance saved)
    {
        lock (_lock)
        {
            _saved = saved.First + saved.Windows.Count;
            SavedAt = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>The lease is ours; a renewal counts from when it was asked for, not from its answer.</summary>
    public void Renewed(long askedAt)
    {
        lock (_lock)
        {
            RenewedAt = askedAt;
            if (!_stop.IsCancellationRequested)
            {
                var left = _selfFence - Stopwatch.GetElapsedTime(askedAt);
                _stop.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
            }
        }
    }

    public void Stop(WorkStop cause)
    {
        lock (_lock)
        {
            // That the lease is lost outweighs that this process stops: nothing may be handed back then.
            if (_cause != WorkStop.Lost)
            {
                _cause = cause;
            }
        }

        _stop.Cancel();
    }

    public void Dispose() => _stop.Dispose();
}
