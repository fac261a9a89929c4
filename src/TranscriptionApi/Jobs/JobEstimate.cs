using Microsoft.Extensions.Options;
using TranscriptionApi.Engine;
using TranscriptionApi.Jobs.Store;

namespace TranscriptionApi.Jobs;

/// <summary>When a job is expected to begin and to end.</summary>
readonly record struct JobTimes(DateTimeOffset Start, DateTimeOffset End);

/// <summary>
/// Expects jobs to take as long as those that were finished in this process of late, so many at a time. A guess for people and for the
/// time between questions; nothing is decided by it.
/// </summary>
sealed class JobEstimate(IOptions<EngineOptions> engine, TimeProvider clock)
{
    // What came before weighs nine tenths of what it weighed one job ago.
    const double Memory = 0.9;

    // Work on a thousandth of a second of audio takes as long as on half a minute, so the factor has no upper end. What it makes of a long
    // queue must stay a time.
    static readonly TimeSpan Longest = TimeSpan.FromDays(365);

    readonly Lock _lock = new();
    readonly int _places = engine.Value.Places();

    // Until the first job is finished: work for half as long as the audio. Sums rather than ratios, so that an hour says more than a second.
    double _audioSeconds = 30;
    double _workSeconds = 15;

    /// <summary>Work time divided by audio time, of late.</summary>
    public double RealTimeFactor
    {
        get
        {
            lock (_lock)
            {
                return _workSeconds / _audioSeconds;
            }
        }
    }

    /// <summary>A job was finished here.</summary>
    public void Finished(TimeSpan audio, TimeSpan work)
    {
        lock (_lock)
        {
            _audioSeconds = (_audioSeconds * Memory) + audio.TotalSeconds;
            _workSeconds = (_workSeconds * Memory) + work.TotalSeconds;
        }
    }

    /// <summary>How long it takes to transcribe so much audio when all places are busy; one place of several is kept for those who wait on the line.</summary>
    public TimeSpan TimeFor(TimeSpan audio, Lane lane) =>
        WorkOn(audio) / (lane == Lane.Batch && _places > 1 ? _places - 1 : _places);

    /// <summary>For a job that waits or runs; <paramref name="ahead"/> is what is done before it.</summary>
    public JobTimes Of(Job job, JobsAhead ahead)
    {
        var now = clock.GetUtcNow();
        var left = WorkOn(TimeSpan.FromMilliseconds(Math.Max(0, job.AudioMs - job.ProgressMs)));
        if (job is { State: JobState.Running, StartedAt: { } started })
        {
            return new JobTimes(DateTimeOffset.FromUnixTimeMilliseconds(started), now + left);
        }

        var turn = now + TimeFor(TimeSpan.FromMilliseconds(ahead.QueuedMs + ahead.RunningMs), job.Lane);
        var notBefore = DateTimeOffset.FromUnixTimeMilliseconds(job.NotBefore);
        var start = turn > notBefore ? turn : notBefore;
        return new JobTimes(start, start + left);
    }

    TimeSpan WorkOn(TimeSpan audio) => audio.TotalSeconds * RealTimeFactor < Longest.TotalSeconds ? audio * RealTimeFactor : Longest;
}
