using System.Data.Common;
using TranscriptionApi.Jobs.Audio;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Settings;

namespace TranscriptionApi.Jobs;

/// <summary>Before anything else starts: the tables and the folder of the audio are there, or the program says why not and ends.</summary>
sealed class JobsReady(JobStore store, AudioStore audioStore) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        audioStore.Prepare();
        try
        {
            await store.PrepareAsync(cancellationToken);
        }
        catch (DbException error)
        {
            throw new InvalidSettingException($"The database of the jobs cannot be used ({JobOptions.Section}:{nameof(JobOptions.PostgreSql)}, or jobs.db in the data folder). {error.Message}");
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
