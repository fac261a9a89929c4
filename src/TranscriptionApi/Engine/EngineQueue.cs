using Microsoft.Extensions.Options;
using TranscriptionApi.Errors;
using TranscriptionApi.Metrics;

namespace TranscriptionApi.Engine;

/// <summary>The line in front of the models: so many at once, so many waiting, the rest is told when to come back.</summary>
sealed class EngineQueue(IOptions<EngineOptions> options, TimeProvider clock) : IDisposable
{
    static readonly TimeSpan ShortestRetry = TimeSpan.FromSeconds(1);
    static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(60);

    readonly int _placeCount = options.Value.Places();
    readonly int _maxWaiting = options.Value.MaxWaiting;
    readonly SemaphoreSlim _places = new(options.Value.Places());
    int _waiting;
    long _usualTicks = TimeSpan.FromSeconds(5).Ticks;

    public int Waiting => Volatile.Read(ref _waiting);

    public int Running => _placeCount - _places.CurrentCount;

    /// <summary>The line as one lane; it does not know how long its audio is.</summary>
    public IReadOnlyList<LaneFigures> Figures() => [new("interactive", Waiting, Running, TimeSpan.Zero, TimeSpan.Zero)];

    /// <summary>Waits for a place; disposing it gives it to the next in line.</summary>
    public async Task<Place> EnterAsync(CancellationToken cancellation)
    {
        if (!await _places.WaitAsync(TimeSpan.Zero, cancellation))
        {
            await WaitAsync(cancellation);
        }

        return new Place(this, clock.GetTimestamp());
    }

    public void Dispose() => _places.Dispose();

    async Task WaitAsync(CancellationToken cancellation)
    {
        try
        {
            if (Interlocked.Increment(ref _waiting) > _maxWaiting)
            {
                throw ApiErrors.Overloaded(RetryAfter());
            }

            await _places.WaitAsync(cancellation);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    // How long the line in front would take at the pace of late.
    TimeSpan RetryAfter()
    {
        var estimate = TimeSpan.FromTicks(Volatile.Read(ref _usualTicks)) * (_maxWaiting + 1) / _placeCount;
        return estimate < ShortestRetry ? ShortestRetry : estimate > LongestRetry ? LongestRetry : estimate;
    }

    // Refused files and clients that hung up are quick, and say nothing about how long the line takes.
    void Leave(long entered, bool finished)
    {
        if (finished)
        {
            var usual = Volatile.Read(ref _usualTicks);
            Volatile.Write(ref _usualTicks, usual + ((clock.GetElapsedTime(entered).Ticks - usual) / 8));
        }

        _places.Release();
    }

    /// <summary>A place at the models.</summary>
    public sealed class Place(EngineQueue queue, long entered) : IDisposable
    {
        int _left;

        /// <summary>Set when a transcription came to its end here.</summary>
        public bool IsFinished { get; set; }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
            {
                queue.Leave(entered, IsFinished);
            }
        }
    }
}
