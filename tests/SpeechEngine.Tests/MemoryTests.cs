using System.Diagnostics;
using SpeechEngine.Audio;
using SpeechEngine.Tests.Loading;

namespace SpeechEngine.Tests;

/// <summary>Tests that look at the memory of the whole process, and so must have it to themselves.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

[Collection(nameof(Alone))]
public sealed class MemoryTests
{
    [Fact]
    [Trait("Category", "Slow")]
    public async Task An_hour_needs_no_more_memory_than_its_samples_and_lets_others_through()
    {
        // A network of one narrow layer: what is looked at is memory and turns, not words.
        using var file = new TempFile(new ModelWriter { WithoutTensors = true }.Write());
        using var engine = SpeechToText.Load(file.Path, new EngineSettings { Threads = 2 });
        using var sentence = Recording.Read(TestFiles.Data("clips", "en-02.wav"));
        _ = engine.Transcribe(sentence, new TranscribeOptions(), null, CancellationToken.None).ToList();
        using var hour = new PcmAudio(16_000 * 3600);
        hour.Samples.Fill(0.01f);
        var windows = 0;
        var allocated = 0L;
        var before = PrivateBytes();

        var longRun = Task.Run(() =>
        {
            var start = GC.GetAllocatedBytesForCurrentThread();
            foreach (var window in engine.Transcribe(hour, new TranscribeOptions(), null, CancellationToken.None))
            {
                Interlocked.Increment(ref windows);
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - start;
        }, TestContext.Current.CancellationToken);
        SpinWait.SpinUntil(() => Volatile.Read(ref windows) > 3 || longRun.IsCompleted);
        Assert.Single(engine.Transcribe(sentence, new TranscribeOptions(), null, CancellationToken.None));
        var seen = Volatile.Read(ref windows);
        await longRun;

        Assert.Equal(120, windows);
        Assert.InRange(seen, 4, 119);
        Assert.InRange(allocated, 0, 5_000_000);
        Assert.InRange(PrivateBytes() - before, long.MinValue, 120_000_000);
    }

    static long PrivateBytes()
    {
        using var process = Process.GetCurrentProcess();
        return process.PrivateMemorySize64;
    }
}
