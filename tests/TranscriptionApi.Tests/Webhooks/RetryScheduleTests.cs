using TranscriptionApi.Webhooks;

namespace TranscriptionApi.Tests.Webhooks;

public sealed class RetryScheduleTests
{
    static readonly TimeSpan Day = TimeSpan.FromHours(24);

    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 30)]
    [InlineData(3, 120)]
    [InlineData(4, 300)]
    [InlineData(5, 900)]
    [InlineData(6, 1800)]
    [InlineData(7, 3600)]
    [InlineData(8, 7200)]
    [InlineData(9, 7200)]
    [InlineData(1000, 7200)]
    public void Waits_grow_to_two_hours_and_vary_by_a_tenth(int attempt, double seconds)
    {
        Assert.Equal(seconds * 0.9, Delay(attempt, 0), 3);
        Assert.Equal(seconds, Delay(attempt, 0.5), 3);
        Assert.Equal(seconds * 1.1, Delay(attempt, 1), 3);
    }

    [Fact]
    public void What_would_come_too_late_is_given_up()
    {
        Assert.Equal(TimeSpan.FromSeconds(5), RetrySchedule.Default.Delay(1, Day - TimeSpan.FromSeconds(5), Day, 0.5));
        Assert.Null(RetrySchedule.Default.Delay(1, Day - TimeSpan.FromSeconds(4.9), Day, 0.5));
        Assert.Null(RetrySchedule.Default.Delay(8, Day - TimeSpan.FromHours(1), Day, 0.5));
    }

    [Fact]
    public void A_day_holds_eighteen_attempts()
    {
        var (age, attempts) = (TimeSpan.Zero, 1);
        while (RetrySchedule.Default.Delay(attempts, age, Day, 0.5) is { } delay)
        {
            age += delay;
            attempts++;
        }

        Assert.Equal(19, attempts);
        Assert.InRange(age, TimeSpan.FromHours(22), Day);
    }

    [Fact]
    public void Attempts_are_counted_from_one() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => RetrySchedule.Default.Delay(0, TimeSpan.Zero, Day, 0.5));

    static double Delay(int attempt, double chance) => RetrySchedule.Default.Delay(attempt, TimeSpan.Zero, Day, chance)!.Value.TotalSeconds;
}
