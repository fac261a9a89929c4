using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using TranscriptionApi.Engine;

namespace TranscriptionApi.Jobs.Work;

static class WorkStart
{
    // For connections that are still open when no job runs any more.
    static readonly TimeSpan LastAnswers = TimeSpan.FromSeconds(10);

    /// <summary>What every process has that accepts or does jobs.</summary>
    public static void AddJobWork(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton<ServerInstance>();
        services.AddSingleton<ServerLock>();
        services.AddSingleton<RunningJobs>();
        services.AddSingleton<JobRunner>();
        services.AddSingleton<JobEnds>();
        services.AddSingleton<DiskSpace>();
        services.AddSingleton<Drain>();
        services.AddHostedService(provider => provider.GetRequiredService<Drain>());
        services.AddHostedService<DeadWorkers>();
        services.AddHostedService<Upkeep>();
        if (builder.Configuration.GetValue($"{JobOptions.Section}:{nameof(JobOptions.WorkHere)}", defaultValue: true))
        {
            services.AddHostedService(provider => provider.GetRequiredService<EngineHost>());
            services.AddHostedService<LeaseKeeper>();
            services.AddHostedService<JobWorker>();
        }

        services.AddOptions<HostOptions>().Configure<IOptions<JobOptions>>((host, jobs) =>
            host.ShutdownTimeout = TimeSpan.FromSeconds(jobs.Value.DrainSeconds) + Drain.HandBackTime + LastAnswers);
    }

    /// <summary>Refuses to be the second server of a data folder.</summary>
    public static void TakeDataFolder(this WebApplication app) => app.Services.GetRequiredService<ServerLock>().Take();

    /// <summary>The "worker" verb: everything but the web server.</summary>
    public static void OnlyWork(this WebApplicationBuilder builder)
    {
        builder.Configuration[$"{JobOptions.Section}:{nameof(JobOptions.WorkHere)}"] = "true";
        builder.Services.AddSingleton<IServer, NoServer>();
    }

    /// <summary>Listens to nobody.</summary>
    sealed class NoServer : IServer
    {
        public IFeatureCollection Features { get; } = new FeatureCollection();

        public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
            where TContext : notnull => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose()
        {
        }
    }
}
