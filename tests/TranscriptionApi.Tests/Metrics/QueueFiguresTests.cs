using Microsoft.Extensions.Logging;
using TranscriptionApi.Metrics;
using TranscriptionApi.Tests.Commands;

namespace TranscriptionApi.Tests.Metrics;

/// <summary>Gauges ask as often as they like; the database is asked once a second, and may be slow or away.</summary>
public sealed class QueueFiguresTests : IDisposable
{
    static readonly LaneFigures Some = new("batch", 1, 2, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(4));

    readonly ManualClock _clock = new();
    readonly LogLines _log = new();

    public void Dispose() => _log.Dispose();

    [Fact]
    public void Many_askers_in_one_second_are_one_reading()
    {
        var readings = 0;
        using var reader = Reader(_ =>
        {
            readings++;
            return Task.FromResult<IReadOnlyList<LaneFigures>>([Some with { Queued = readings }]);
        });

        Assert.All(Enumerable.Range(0, 10), _ => Assert.Equal(1, Assert.Single(reader.Read()).Queued));
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(2, Assert.Single(reader.Read()).Queued);
    }

    [Fact]
    public void Queue_that_cannot_be_read_has_no_figures_and_is_told_once()
    {
        var isAway = true;
        using var reader = Reader(_ => isAway ? Task.FromException<IReadOnlyList<LaneFigures>>(new IOException("away")) : Task.FromResult<IReadOnlyList<LaneFigures>>([Some]));

        Assert.Empty(reader.Read());
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(reader.Read());
        Assert.Single(_log.Lines);

        isAway = false;
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([Some], reader.Read());
    }

    [Fact]
    public void Slow_queue_is_not_asked_again_while_it_thinks()
    {
        var readings = 0;
        var answer = new TaskCompletionSource<IReadOnlyList<LaneFigures>>();
        using var reader = Reader(_ =>
        {
            readings++;
            return answer.Task;
        });

        Assert.Empty(reader.Read());
        Assert.Empty(reader.Read());
        _clock.Advance(TimeSpan.FromSeconds(1));
        answer.SetResult([Some]);

        Assert.Equal([Some], reader.Read());
        Assert.Equal(1, readings);
        Assert.Empty(_log.Lines);
    }

    QueueFiguresReader Reader(ReadQueueFigures read) => new(read, _clock, _log.CreateLogger<QueueFiguresReader>());

    sealed class LogLines : ILoggerProvider, ILogger
    {
        readonly LoggerFactory _factory;

        public LogLines() => _factory = new LoggerFactory([this]);

        public List<string> Lines { get; } = [];

        public ILogger<T> CreateLogger<T>() => _factory.CreateLogger<T>();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception));

        public void Dispose() => _factory.Dispose();
    }
}
