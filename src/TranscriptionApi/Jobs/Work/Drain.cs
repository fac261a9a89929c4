using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;

namespace TranscriptionApi.Jobs.Work;

/// <summary>
/// How the program stops: (1) no new work is accepted or claimed, while everything else goes on answering; (2) running jobs may finish for
/// <see cref="JobOptions.DrainSeconds"/>; (3) what still runs is handed back with the windows it has; (4) the rest of the program stops.
/// A second signal ends it at once.
/// </summary>
sealed partial class Drain(RunningJobs running, IOptions<JobOptions> options, ILogger<Drain> logger) : IHostedLifecycleService, IDisposable
{
    // A window is given up within a layer of the encoder or a step of the decoder; then there is the database.
    public static readonly TimeSpan HandBackTime = TimeSpan.FromSeconds(10);

    readonly CancellationTokenSource _begun = new();
    readonly CancellationTokenSource _over = new();
    readonly List<PosixSignalRegistration> _signals = [];

    /// <summary>New work is refused.</summary>
    public bool IsDraining => _begun.IsCancellationRequested;

    /// <summary>New work is refused from here on.</summary>
    public CancellationToken Begun => _begun.Token;

    /// <summary>No job of this process runs any more: whoever still waits or uploads is told to come back.</summary>
    public CancellationToken Over => _over.Token;

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        if (IsDraining)
        {
            return;
        }

        EndAtSecondSignal();
        await _begun.CancelAsync();                                                                            // (1)
        if (running.All is { Count: > 0 } jobs)
        {
            LogDrains(jobs.Count, options.Value.DrainSeconds);
        }

        await WaitAsync(TimeSpan.FromSeconds(options.Value.DrainSeconds), cancellationToken);                  // (2)
        foreach (var job in running.All)
        {
            job.Stop(WorkStop.Draining);                                                                       // (3)
        }

        await WaitAsync(HandBackTime, cancellationToken);
        await _over.CancelAsync();                                                                             // (4)
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        // The sources stay: a late caller may still look at their tokens.
        _signals.ForEach(signal => signal.Dispose());
    }

    async Task WaitAsync(TimeSpan atMost, CancellationToken cancellation) =>
        await running.EmptyAsync().WaitAsync(atMost, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    void EndAtSecondSignal()
    {
        foreach (var signal in new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT })
        {
            _signals.Add(PosixSignalRegistration.Create(signal, received => Environment.Exit(128 + (received.Signal == PosixSignal.SIGTERM ? 15 : 2))));
        }
    }

    [LoggerMessage(LogLevel.Information, "Stopping: {Jobs} running jobs may finish for {Seconds} s.")]
    partial void LogDrains(int jobs, int seconds);
}
