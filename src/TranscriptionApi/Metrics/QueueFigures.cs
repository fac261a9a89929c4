namespace TranscriptionApi.Metrics;

/// <summary>One lane of the queue at one moment.</summary>
/// <param name="Lane">Its name.</param>
/// <param name="Queued">Jobs that wait for a worker.</param>
/// <param name="Running">Jobs that have one.</param>
/// <param name="QueuedAudio">Length of the audio of the jobs that wait.</param>
/// <param name="Oldest">Age of the job that waits longest, zero when none does.</param>
sealed record LaneFigures(string Lane, long Queued, long Running, TimeSpan QueuedAudio, TimeSpan Oldest);

/// <summary>Counts the queue, every lane once, the empty ones too.</summary>
delegate Task<IReadOnlyList<LaneFigures>> ReadQueueFigures(CancellationToken cancellation);

/// <summary>
/// Stands between the gauges and the database: however many ask, it is asked once a second at most, by one reader at a time,
/// and nobody waits long for it. Without an answer there are no figures: a gap is seen, the last ones would be believed.
/// </summary>
sealed partial class QueueFiguresReader(ReadQueueFigures read, TimeProvider clock, ILogger<QueueFiguresReader> logger) : IDisposable
{
    static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(1);
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    readonly Lock _gate = new();
    readonly CancellationTokenSource _stop = new();
    Task<IReadOnlyList<LaneFigures>>? _reading;
    IReadOnlyList<LaneFigures> _figures = [];
    long? _readAt;
    bool _isFailing;

    /// <summary>Every lane; none when the queue cannot be read. Blocks for two seconds at the most.</summary>
    public IReadOnlyList<LaneFigures> Read()
    {
        lock (_gate)
        {
            if (_readAt is not { } readAt || clock.GetElapsedTime(readAt) >= Lifetime)
            {
                _figures = Ask();
                _readAt = clock.GetTimestamp();
            }

            return _figures;
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    // A reading that took too long is asked for again, not started anew: a database in trouble needs no second one.
    IReadOnlyList<LaneFigures> Ask()
    {
        try
        {
            // On a thread of its own: SQLite reads where it is called, and a server in trouble may have no other thread to spare.
            _reading ??= Task.Factory.StartNew(() => read(_stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
            if (!_reading.Wait(Patience))
            {
                return [];
            }

            var figures = _reading.Result;
            _reading = null;
            _isFailing = false;
            return figures;
        }
        catch (Exception error) when (error is AggregateException or ObjectDisposedException)
        {
            _reading = null;
            if (!_isFailing && !_stop.IsCancellationRequested)
            {
                LogFailed(error.GetBaseException());
            }

            _isFailing = true;
            return [];
        }
    }

    [LoggerMessage(LogLevel.Warning, "The queue could not be counted; its gauges are left out until it can.")]
    partial void LogFailed(Exception error);
}
