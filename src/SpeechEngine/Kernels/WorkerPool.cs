using System.Diagnostics;

namespace SpeechEngine.Kernels;

/// <summary>
/// The engine's own threads. <see cref="Run"/> splits one operation into tasks that the caller and the workers take in turn:
/// a core that is held up by a neighbour takes fewer tasks instead of holding up the others. Nothing is allocated per call.
/// </summary>
sealed unsafe class WorkerPool : IDisposable
{
    // Between two operations of a window a worker waits for microseconds: waking a sleeping thread would cost more than that.
    static readonly long SpinTicks = Stopwatch.Frequency / 20_000;

    readonly Lock _failureGuard = new();
    readonly object _gate = new();
    readonly Thread[] _threads;
    delegate*<void*, int, int, void> _body;
    void* _context;
    Exception? _failure;
    int _tasks;
    int _next;
    int _unfinished;
    int _epoch;
    int _sleeping;
    int _inUse;
    int _callers;
    volatile bool _stopping;

    /// <summary>Starts <paramref name="threads"/> - 1 workers; the caller of <see cref="Run"/> is the last one.</summary>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _threads = new Thread[threads - 1];
        for (var i = 0; i < _threads.Length; i++)
        {
            var worker = i + 1;
            _threads[i] = new Thread(() => Work(worker)) { IsBackground = true, Name = $"speech-worker-{worker}" };
            _threads[i].Start();
        }
    }

    /// <summary>Threads that can take part in one operation, the caller included.</summary>
    public int Threads { get; }

    /// <summary>Called before every operation, by its caller: lets a test stop the work at a chosen place.</summary>
    public Action? Beginning { get; set; }

    /// <summary>
    /// Says that a window is being worked on. With as many windows as threads each one stays on its caller's thread,
    /// which loses no time in hand-overs; a single window gets all of them.
    /// </summary>
    public void Enter() => Interlocked.Increment(ref _callers);

    /// <summary>The window that <see cref="Enter"/> announced is done.</summary>
    public void Leave() => Interlocked.Decrement(ref _callers);

    /// <summary>
    /// Calls <paramref name="body"/>(context, task, worker) for every task 0..tasks-1, in any order, and returns when all are done.
    /// Worker numbers are below <see cref="Threads"/> and distinct among tasks that run at the same time.
    /// </summary>
    public void Run(int tasks, delegate*<void*, int, int, void> body, void* context)
    {
        Beginning?.Invoke();
        if (tasks <= 1 || _threads.Length == 0 || Volatile.Read(ref _callers) >= Threads
            || Interlocked.CompareExchange(ref _inUse, 1, 0) != 0)
        {
            for (var task = 0; task < tasks; task++)
            {
                body(context, task, 0);
            }

            return;
        }

        _body = body;
        _context = context;
        _tasks = tasks;
        _next = 0;
        _failure = null;
        _unfinished = _threads.Length;
        Interlocked.Increment(ref _epoch);
        if (Volatile.Read(ref _sleeping) > 0)
        {
            lock (_gate)
            {
                Monitor.PulseAll(_gate);
            }
        }

        TakeTasks(0);
        AwaitWorkers();
        var failure = _failure;
        Volatile.Write(ref _inUse, 0);
        if (failure is not null)
        {
            throw new InvalidOperationException("A worker failed.", failure);
        }
    }

    public void Dispose()
    {
        _stopping = true;
        Interlocked.Increment(ref _epoch);
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }

        foreach (var thread in _threads)
        {
            thread.Join();
        }
    }

    void Work(int worker)
    {
        var seen = 0;
        while (true)
        {
            AwaitEpochAfter(seen);
            seen++;
            if (_stopping)
            {
                return;
            }

            TakeTasks(worker);
            Interlocked.Decrement(ref _unfinished);
        }
    }

    void TakeTasks(int worker)
    {
        try
        {
            for (var task = Interlocked.Increment(ref _next) - 1; task < _tasks; task = Interlocked.Increment(ref _next) - 1)
            {
                _body(_context, task, worker);
            }
        }
        catch (Exception e)
        {
            lock (_failureGuard)
            {
                _failure ??= e;
            }
        }
    }

    void AwaitEpochAfter(int seen)
    {
        var start = Stopwatch.GetTimestamp();
        while (Volatile.Read(ref _epoch) == seen)
        {
            Thread.SpinWait(8);
            if (Stopwatch.GetTimestamp() - start > SpinTicks)
            {
                lock (_gate)
                {
                    Interlocked.Increment(ref _sleeping);
                    while (Volatile.Read(ref _epoch) == seen)
                    {
                        Monitor.Wait(_gate);
                    }

                    Interlocked.Decrement(ref _sleeping);
                }
            }
        }
    }

    void AwaitWorkers()
    {
        var start = Stopwatch.GetTimestamp();
        while (Volatile.Read(ref _unfinished) > 0)
        {
            Thread.SpinWait(4);
            if (Stopwatch.GetTimestamp() - start > SpinTicks)
            {
                // Another process holds the worker's core: spinning on would keep it from running on ours.
                Thread.Yield();
            }
        }
    }
}
