using Microsoft.Extensions.Options;

namespace TranscriptionApi.Jobs.Work;

static class WorkStart
{
    // For connections that are still open when no job runs any more.
    static readonly TimeSpan LastAnswers = TimeSpan.FromSeconds(10);

    public static void AddJobWork(this IServiceCollection services)
    {
        services.AddSingleton<ServerInstance>();
        services.AddSingleton<RunningJobs>();
        services.AddSingleton<JobRunner>();
        services.AddSingleton<JobEnds>();
        services.AddSingleton<Drain>();
        services.AddHostedService(provider => provider.GetRequiredService<Drain>());
        services.AddHostedService<LeaseKeeper>();
        services.AddHostedService<JobWorker>();
        services.AddOptions<HostOptions>().Configure<IOptions<JobOptions>>((host, jobs) =>
            host.ShutdownTimeout = TimeSpan.FromSeconds(jobs.Value.DrainSeconds) + Drain.HandBackTime + LastAnswers);
    }
}
