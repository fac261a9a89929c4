namespace TranscriptionApi.Jobs.Work;

/// <summary>Keeps processes from doing the same thing at the same moment.</summary>
static class Jitter
{
    /// <param name="span">The usual time.</param>
    /// <param name="share">How far from it, as a share of it: 0.2 is a fifth less to a fifth more.</param>
    public static TimeSpan Around(TimeSpan span, double share) => span * (1 + (((2 * Random.Shared.NextDouble()) - 1) * share));
}
