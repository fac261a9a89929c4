using Microsoft.Extensions.Options;
using TranscriptionApi.Jobs.Audio;
using TranscriptionApi.Jobs.Intake;
using TranscriptionApi.Jobs.Routes;
using TranscriptionApi.Jobs.Store;
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
                : new PostgresDatabase(options.PostgreSql);
        });
        services.AddSingleton(provider => new JobStore(
            provider.GetRequiredService<IJobDatabase>(),
            provider.GetRequiredService<JobSignals>(),
            provider.GetRequiredService<IOptions<JobOptions>>().Value.Keep()));
        services.AddSingleton<Outbox>();
        services.AddSingleton<AudioStore>();
        services.AddSingleton<JobEstimate>();
        services.AddSingleton<JobIntake>();
        services.AddSingleton<JobWait>();
        services.AddSingleton<JobReport>();
        services.AddSingleton<JobContent>();
        services.AddSingleton<JobEvents>();
        services.AddSingleton<JobRoutes>();
        services.AddHostedService<JobsReady>();
        services.AddSingleton<ReadQueueFigures>(provider => provider.GetRequiredService<JobStore>().LaneFiguresAsync);
        services.AddJobWork();
    }
}
