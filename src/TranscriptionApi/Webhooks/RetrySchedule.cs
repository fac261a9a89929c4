namespace TranscriptionApi.Webhooks;

/// <summary>How long to wait after a failed attempt; tests put shorter steps here.</summary>
/// <param name="Steps">Wait after the first attempt, the second and so on; the last step is repeated.</param>
sealed record RetrySchedule(params IReadOnlyList<TimeSpan> Steps)
{
    const double Jitter = 0.1;

    /// <summary>Seconds for a receiver that restarts, hours for one that is broken.</summary>
    public static RetrySchedule Default { get; } = new(
        TimeSpan.FromSeconds(5),
        TimeSpan.FromSeconds(30),
        TimeSpan.FromMinutes(2),
        TimeSpan.FromMinutes(5),
        TimeSpan.FromMinutes(15),
        TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(1),
        TimeSpan.FromHours(2));

    /// <summary>The wait after a failed attempt, within a tenth of its step: many jobs that ended together do not come back together.</summary>
    /// <param name="attempt">Which one failed, from 1.</param>
    /// <param name="age">Time since the event.</param>
    /// <param name="most">Age after which nothing is tried any more.</param>
    /// <param name="chance">A random number from 0 to 1.</param>
    /// <returns>Null when the delivery is given up.</returns>
    public TimeSpan? Delay(int attempt, TimeSpan age, TimeSpan most, double chance)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(attempt, 1);
        var delay = Steps[Math.Min(attempt, Steps.Count) - 1] * (1 - Jitter + (2 * Jitter * chance));
        return age + delay <= most ? delay : null;
    }
}
