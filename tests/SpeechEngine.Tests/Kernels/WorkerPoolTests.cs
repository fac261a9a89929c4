using SpeechEngine.Kernels;

namespace SpeechEngine.Tests.Kernels;

public sealed unsafe class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_task_runs_once(int threads)
    {
        using var pool = new WorkerPool(threads);
        for (var tasks = 0; tasks < 60; tasks++)
        {
            var counts = new int[64];
            fixed (int* p = counts)
            {
                pool.Run(tasks, &CountTask, p);
            }

            Assert.All(counts[..tasks], count => Assert.Equal(1, count));
            Assert.All(counts[tasks..], count => Assert.Equal(0, count));
        }
    }

    [Fact]
    public void Callers_at_the_same_time_do_not_mix_their_tasks()
    {
        using var pool = new WorkerPool(2);
        var failures = 0;
        var callers = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            for (var round = 0; round < 200; round++)
            {
                var counts = new int[40];
                fixed (int* p = counts)
                {
                    pool.Run(40, &CountTask, p);
                }

                if (counts.Any(count => count != 1))
                {
                    Interlocked.Increment(ref failures);
                }
            }
        })).ToList();
        callers.ForEach(caller => caller.Start());
        callers.ForEach(caller => caller.Join());

        Assert.Equal(0, failures);
    }

    [Fact]
    public void A_failure_reaches_the_caller_and_the_pool_lives_on()
    {
        using var pool = new WorkerPool(3);
        var error = Assert.Throws<InvalidOperationException>(() => pool.Run(50, &Fail, null));
        Assert.IsType<DivideByZeroException>(error.InnerException);

        var counts = new int[10];
        fixed (int* p = counts)
        {
            pool.Run(10, &CountTask, p);
        }

        Assert.Equal(10, counts.Sum());
    }

    [Fact]
    public void A_run_allocates_nothing()
    {
        using var pool = new WorkerPool(2);
        using var counts = new AlignedBuffer(64 * sizeof(int));

        Assert.Equal(0, Allocations.Of(() =>
        {
            for (var i = 0; i < 100; i++)
            {
                pool.Run(64, &CountTask, counts.Data);
            }
        }));
    }

    static void CountTask(void* context, int task, int worker) => Interlocked.Increment(ref ((int*)context)[task]);

    static void Fail(void* context, int task, int worker) => throw new DivideByZeroException();
}
