namespace TranscriptionApi.Jobs.Work;

/// <summary>This process among all that share the queue.</summary>
sealed class ServerInstance
{
    /// <summary>32 random hex digits.</summary>
    public string Id { get; } = JobId.Random();
}
