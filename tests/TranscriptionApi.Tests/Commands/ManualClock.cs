namespace TranscriptionApi.Tests.Commands;

/// <summary>A clock that goes on only when a test says so; timers stay with the real one.</summary>
sealed class ManualClock : TimeProvider
{
    long _ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref _ticks);

    public void Advance(TimeSpan time) => Interlocked.Add(ref _ticks, time.Ticks);
}
