using System.Reflection;
using SpeechEngine.Kernels;
using TranscriptionApi.Catalog;
using TranscriptionApi.Engine;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Jobs.Work;

namespace TranscriptionApi.Health;

/// <summary>Whether work can be accepted, and what runs and waits.</summary>
sealed class ServerState(EngineHost engines, ModelCatalog catalog, JobStore store, RunningJobs running, Drain drain)
{
    public const string Ready = "ready";

    static readonly string Version = typeof(ServerState).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    public async Task<HealthReport> DescribeAsync(CancellationToken cancellation)
    {
        var waiting = await WaitingAsync(cancellation);
        return new HealthReport(Status(waiting is not null), Version, catalog.Default?.Id, Simd.Width.ToString(), running.All.Count, waiting);
    }

    string Status(bool hasDatabase) => (drain.IsDraining, hasDatabase, Engine) switch
    {
        (true, _, _) => "draining",
        (_, false, _) => "no_database",
        (_, _, Readiness.Loading) => "loading",
        (_, _, Readiness.Ready) => Ready,
        (_, _, Readiness.Failed) => "failed",
        _ => "no_model",
    };

    // A server that leaves the work to others needs the model's file only to know its name.
    Readiness Engine => running.Places > 0 ? engines.Readiness : catalog.Default is null ? Readiness.NoModel : Readiness.Ready;

    async Task<long?> WaitingAsync(CancellationToken cancellation)
    {
        try
        {
            return (await store.FiguresAsync(cancellation)).Where(figure => figure.State == "queued").Sum(figure => figure.Jobs);
        }
        catch (Exception error) when (JobStoreErrors.IsOutage(error))
        {
            return null;
        }
    }
}
