namespace TranscriptionApi.Jobs.Routes;

/// <summary>The states of a job under the names that OpenAI gives to the states of its own background work.</summary>
static class JobStatus
{
    const string InProgress = "in_progress";

    public static IEnumerable<string> Names => Enum.GetValues<JobState>().Select(Of);

    public static string Of(JobState state) => state == JobState.Running ? InProgress : state.Name();

    /// <summary>Null for a name that no state has.</summary>
    public static JobState? Find(string name) =>
        Enum.GetValues<JobState>().Where(state => Of(state) == name).Select(state => (JobState?)state).FirstOrDefault();
}
