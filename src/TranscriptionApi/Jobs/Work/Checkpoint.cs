using System.Diagnostics;
using System.Globalization;

namespace TranscriptionApi.Jobs.Work;

/// <summary>
/// The places where a death has consequences of its own, on a job's way from the request to the deleted audio. A test names one in the
/// environment, TRANSCRIPTION_CRASH_AT=NUMBER or NUMBER:TIMES, and the process kills itself when it comes there (for the so-manieth time).
/// Off otherwise; no request and no settings file can turn it on, and whoever may set a process's environment can kill it anyway.
/// </summary>
static class Checkpoint
{
    /// <summary>The upload is on the disk, its job is not stored.</summary>
    public const int AudioTaken = 1;

    /// <summary>The job is stored, nobody was told.</summary>
    public const int Accepted = 2;

    /// <summary>A worker has the job.</summary>
    public const int Claimed = 3;

    /// <summary>The audio is decoded.</summary>
    public const int Decoded = 4;

    /// <summary>Windows were saved.</summary>
    public const int WindowsSaved = 5;

    /// <summary>The transcript is there, not stored.</summary>
    public const int Transcribed = 6;

    /// <summary>The transcript is stored, the audio is not deleted.</summary>
    public const int Finished = 7;

    /// <summary>The audio is deleted, the job still names it.</summary>
    public const int AudioDeleted = 8;

    /// <summary>The process stops, the job is not handed back.</summary>
    public const int Draining = 9;

    /// <summary>The job is handed back, the process has not ended.</summary>
    public const int HandedBack = 10;

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<int> All = [AudioTaken, Accepted, Claimed, Decoded, WindowsSaved, Transcribed, Finished, AudioDeleted, Draining, HandedBack];

    static readonly (int Place, int Times) Crash = Parse(Environment.GetEnvironmentVariable("TRANSCRIPTION_CRASH_AT"));

    static int _reached;

    public static void Reach(int place)
    {
        if (place == Crash.Place && Interlocked.Increment(ref _reached) == Crash.Times)
        {
            using var self = Process.GetCurrentProcess();
            self.Kill();
            Thread.Sleep(Timeout.Infinite);
        }
    }

    static (int Place, int Times) Parse(string? value)
    {
        var parts = (value ?? "").Split(':');
        return int.TryParse(parts[0], CultureInfo.InvariantCulture, out var place)
            ? (place, parts is [_, var times] && int.TryParse(times, CultureInfo.InvariantCulture, out var count) ? count : 1)
            : (0, 0);
    }
}
