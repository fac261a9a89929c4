using Microsoft.Extensions.Options;
using TranscriptionApi.Jobs.Audio;
using TranscriptionApi.Jobs.Intake;
using TranscriptionApi.Jobs.Routes;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Jobs.Store.PostgreSql;
using TranscriptionApi.Jobs.Store.Sqlite;
using TranscriptionApi.Jobs.Waiting;
using TranscriptionApi.Jobs.Work;
using TranscriptionApi.Metrics;
using TranscriptionApi.Uploads;

namespace TranscriptionApi.Jobs;

static class JobsStart
{
    public static void AddJobs(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptionsWithValidateOnStart<JobOptions, JobOptionsValidator>().BindConfiguration(JobOptions.Section);
        services.AddSingleton<JobSignals>();
        services.AddSingleton<IJobDatabase>(provider =>
        {
            var options = provider.GetRequiredService<IOptions<JobOptions>>().Value;
            return string.IsNullOrWhiteSpace(options.PostgreSql)
                ? new SqliteDatabase(Path.GetFullPath(Path.Combine(provider.GetRequiredService<IOptions<DataOptions>>().Value.Folder, "jobs.db")))
                {
                    MakeRoom = provider.GetRequiredService<DiskSpace>().MakeRoom,
                }
                : new PostgresDatabase(options.PostgreSql);
        });
        services.AddSingleton(provider => new JobStore(
            provider.GetRequiredService<IJobDatabase>(),
            provider.GetRequiredService<JobSignals>(),
            provider.GetRequiredService<JobMetrics>(),
            provider.GetRequiredService<IOptions<JobOptions>>().Value.Keep()));

        // Looked for when it is asked: the store counts with the metrics, and the metrics ask the store.
        services.AddSingleton<ReadQueueFigures>(provider => cancellation => provider.GetRequiredService<JobStore>().LanesAsync(cancellation));
        services.AddSingleton<Outbox>();
        services.AddSingleton<AudioStore>();
        services.AddSingleton<JobEstimate>();
        services.AddSingleton<JobIntake>();
        services.AddSingleton<JobWait>();
        services.AddSingleton<JobReport>();
        services.AddSingleton<JobContent>();
        services.AddSingleton<JobEvents>();
        services.AddSingleton<JobRoutes>();
        services.AddHostedService<JobStoreStart>();
        if (!string.IsNullOrWhiteSpace(builder.Configuration[$"{JobOptions.Section}:{nameof(JobOptions.PostgreSql)}"]))
        {
            services.AddHostedService(provider => new PostgresHints(
                (PostgresDatabase)provider.GetRequiredService<IJobDatabase>(),
                provider.GetRequiredService<JobSignals>(),
                provider.GetRequiredService<ILogger<PostgresHints>>()));
        }

        builder.AddJobWork();
    }
}

/// <summary>Tables and folders are there before anything else of the server begins; a database that cannot be used stops the start.</summary>
sealed partial class JobStoreStart(IJobDatabase database, AudioStore audioStore, ServerInstance instance, ILogger<JobStoreStart> logger) : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        instance.Begin();
        audioStore.Prepare();
        LogReady(await database.PrepareAsync(cancellationToken));
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(LogLevel.Information, "Jobs are kept in {Database}.")]
    partial void LogReady(string database);
}
