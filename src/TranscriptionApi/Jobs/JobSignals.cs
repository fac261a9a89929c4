namespace TranscriptionApi.Jobs;

/// <summary>
/// Tells whoever waits in this process that something happened to a job. Hints only: whoever waits looks at the store from time to
/// time anyway, because a hint from another process may be lost.
/// </summary>
sealed class JobSignals : IDisposable
{
    // More than there can be workers; beyond that a signal says nothing new.
    const int MostWaking = 256;

    readonly Lock _lock = new();
    readonly Dictionary<string, List<Watch>> _watches = new(StringComparer.Ordinal);
    readonly SemaphoreSlim _queued = new(0);
    readonly SemaphoreSlim _outbox = new(0);

    /// <summary>A job waits for a worker.</summary>
    public void Queued() => Raise(_queued, MostWaking);

    /// <summary>A webhook waits for delivery.</summary>
    public void OutboxFilled() => Raise(_outbox, 1);

    /// <summary>The state of a job changed, or it came forward.</summary>
    public void Changed(string id)
    {
        lock (_lock)
        {
            _watches.GetValueOrDefault(id)?.ForEach(watch => watch.Raise());
        }
    }

    /// <summary>Waits for <see cref="Queued"/>, at most so long.</summary>
    public Task WaitForQueuedAsync(TimeSpan atMost, CancellationToken cancellation) => _queued.WaitAsync(atMost, cancellation);

    /// <summary>Waits for <see cref="OutboxFilled"/>, at most so long.</summary>
    public Task WaitForOutboxAsync(TimeSpan atMost, CancellationToken cancellation) => _outbox.WaitAsync(atMost, cancellation);

    /// <summary>Watches one job. Begin before reading the job: what happens after the reading is then not missed.</summary>
    public Watch WatchJob(string id)
    {
        var watch = new Watch(this, id);
        lock (_lock)
        {
            if (!_watches.TryGetValue(id, out var watches))
            {
                _watches[id] = watches = [];
            }

            watches.Add(watch);
        }

        return watch;
    }

    public void Dispose()
    {
        _queued.Dispose();
        _outbox.Dispose();
    }

    static void Raise(SemaphoreSlim signal, int most)
    {
        if (signal.CurrentCount < most)
        {
            signal.Release();
        }
    }

    void Forget(Watch watch)
    {
        lock (_lock)
        {
            if (_watches.TryGetValue(watch.Id, out var watches) && watches.Remove(watch) && watches.Count == 0)
            {
                _watches.Remove(watch.Id);
            }
        }
    }

    /// <summary>One watcher of one job.</summary>
    public sealed class Watch(JobSignals signals, string id) : IDisposable
    {
        readonly SemaphoreSlim _signal = new(0);

        public string Id { get; } = id;

        /// <summary>Waits for the next change, at most so long; a change since the last wait counts.</summary>
        public Task NextAsync(TimeSpan atMost, CancellationToken cancellation) => _signal.WaitAsync(atMost, cancellation);

        public void Dispose()
        {
            signals.Forget(this);
            _signal.Dispose();
        }

        internal void Raise() => JobSignals.Raise(_signal, 1);
    }
}
