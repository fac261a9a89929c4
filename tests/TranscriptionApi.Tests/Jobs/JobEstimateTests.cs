using Microsoft.Extensions.Options;
using TranscriptionApi.Engine;
using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Store;

namespace TranscriptionApi.Tests.Jobs;

/// <summary>A guess that must never cost an answer.</summary>
public sealed class JobEstimateTests
{
    [Fact]
    public void Long_queue_behind_very_short_audio_has_an_end()
    {
        var job = new Job { Id = "", Owner = "", Lane = Lane.Batch, Model = "", Request = "", Fingerprint = "", RequestHash = "", AudioFormat = "wav", AudioMs = 3_600_000 };
        var estimate = new JobEstimate(Options.Create(new EngineOptions()), TimeProvider.System);
        for (var i = 0; i < 100; i++)
        {
            estimate.Finished(TimeSpan.FromTicks(625), TimeSpan.FromSeconds(30));
        }

        var times = estimate.Of(job, new JobsAhead(1000, 1_000_000L * 3600 * 1000, 0));

        Assert.True(times.Start > DateTimeOffset.UtcNow && times.End > times.Start);
    }
}
