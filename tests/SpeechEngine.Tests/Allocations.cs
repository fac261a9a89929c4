namespace SpeechEngine.Tests;

/// <summary>Managed bytes a piece of work allocates once everything is warm.</summary>
static class Allocations
{
    const int Rounds = 5;

    /// <summary>The least of several rounds: the runtime itself now and then allocates on a thread it compiles for, code that allocates does so every time.</summary>
    public static long Of(Action work)
    {
        work();
        var least = long.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            work();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
