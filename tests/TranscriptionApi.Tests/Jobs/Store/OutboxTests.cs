using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Store;

namespace TranscriptionApi.Tests.Jobs.Store;

/// <summary>Webhooks that wait for delivery, on both databases.</summary>
public sealed class OutboxTests(PostgresServer postgres)
{
    static readonly WebhookOutcome Delivered = new(204, null, TimeSpan.FromMilliseconds(12), IsDelivered: true, RetryAfter: null);
    static readonly WebhookOutcome Refused = new(500, null, TimeSpan.FromMilliseconds(34), IsDelivered: false, TimeSpan.FromMinutes(1));

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<string> Both => JobDatabases.Both;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Every_end_is_told_once_and_jobs_without_an_address_are_not(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var outbox = new Outbox(jobs.Database);
        await jobs.AcceptAsync(To("one"));
        await jobs.FinishAsync(await jobs.ClaimAsync());
        await jobs.AcceptAsync(To("two"));
        await jobs.Store.FailAsync((await jobs.ClaimAsync()).Lease, TestJobs.Error, Stop);
        await jobs.Store.CancelAsync(TestJobs.Owner, (await jobs.AcceptAsync(To("three"))).Id, Stop);
        await jobs.AcceptAsync(To("four"));
        await jobs.AgeAsync(TimeSpan.FromHours(1));
        await jobs.Store.ExpireAsync(TimeSpan.FromMinutes(1), Stop);
        await jobs.AcceptAsync(TestJobs.New() with { WebhookUrl = null });
        await jobs.FinishAsync(await jobs.ClaimAsync());

        var due = await outbox.TakeDueAsync(10, [], TestJobs.Lease, Stop);
        Assert.Equal(
            ["audio.transcription.cancelled", "audio.transcription.completed", "audio.transcription.expired", "audio.transcription.failed"], due.Select(webhook => webhook.Type).Order());
        Assert.All(due, webhook => Assert.Matches("^msg_[0-9a-f]{32}$", webhook.Id));
        Assert.All(due, webhook => Assert.Equal(0, webhook.Attempts));
        Assert.Equal(4, due.Select(webhook => webhook.Url).Distinct().Count());
        await jobs.CheckAsync(new JobInvariants { IsQuiet = true });
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_webhook_is_tried_until_it_is_delivered_and_every_attempt_is_logged(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var outbox = new Outbox(jobs.Database);
        Assert.Null(await outbox.NextDueMsAsync([], Stop));
        var job = await jobs.AcceptAsync();
        await jobs.Store.CancelAsync(TestJobs.Owner, job.Id, Stop);
        Assert.InRange((await outbox.NextDueMsAsync([], Stop))!.Value, -60_000, 0);

        var first = Assert.Single(await outbox.TakeDueAsync(10, [], TestJobs.Lease, Stop));
        Assert.Empty(await outbox.TakeDueAsync(10, [], TestJobs.Lease, Stop));
        await outbox.RecordAsync(first, Refused, Stop);
        Assert.Empty(await outbox.TakeDueAsync(10, [], TestJobs.Lease, Stop));
        Assert.InRange((await outbox.NextDueMsAsync([], Stop))!.Value, 1, 60_000);
        await jobs.AgeAsync(TimeSpan.FromSeconds(61));
        var second = Assert.Single(await outbox.TakeDueAsync(10, [], TestJobs.Lease, Stop));
        Assert.Equal((first.Id, 1L), (second.Id, second.Attempts));
        await outbox.RecordAsync(second, Refused with { Status = null, Error = "no answer" }, Stop);
        await jobs.AgeAsync(TimeSpan.FromSeconds(61));
        var third = Assert.Single(await outbox.TakeDueAsync(10, [], TestJobs.Lease, Stop));
        await outbox.RecordAsync(third, Delivered, Stop);
        await jobs.AgeAsync(TimeSpan.FromDays(1));
        Assert.Empty(await outbox.TakeDueAsync(10, [], TestJobs.Lease, Stop));
        Assert.Null(await outbox.NextDueMsAsync([], Stop));

        var log = await outbox.LogAsync(job.Id, Stop);
        Assert.Equal(["1 500  34 delivered", "2  no answer 34 delivered", "3 204  12 delivered"], log.Select(line => $"{line.Number} {line.Status} {line.Error} {line.DurationMs} {line.State}"));
        Assert.All(log, line => Assert.Equal((first.Id, "audio.transcription.cancelled"), (line.WebhookId, line.Type)));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_webhook_whose_sender_died_is_taken_again_and_a_late_failure_changes_nothing(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var outbox = new Outbox(jobs.Database);
        var job = await jobs.AcceptAsync();
        await jobs.Store.CancelAsync(TestJobs.Owner, job.Id, Stop);
        var slow = Assert.Single(await outbox.TakeDueAsync(10, [], TestJobs.Lease, Stop));
        await jobs.AgeAsync(TimeSpan.FromSeconds(31));
        var second = Assert.Single(await outbox.TakeDueAsync(10, [], TestJobs.Lease, Stop));
        Assert.Equal((slow.Id, 1L), (second.Id, second.Attempts));
        await outbox.RecordAsync(second, Delivered, Stop);
        await outbox.RecordAsync(slow, Refused, Stop);

        await jobs.AgeAsync(TimeSpan.FromHours(1));
        Assert.Empty(await outbox.TakeDueAsync(10, [], TestJobs.Lease, Stop));
        Assert.Equal(["delivered"], (await outbox.LogAsync(job.Id, Stop)).Select(line => line.State));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_webhook_that_is_given_up_is_not_tried_again_and_goes_with_its_job(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var outbox = new Outbox(jobs.Database);
        var job = await jobs.AcceptAsync();
        await jobs.Store.CancelAsync(TestJobs.Owner, job.Id, Stop);
        var due = Assert.Single(await outbox.TakeDueAsync(10, [], TestJobs.Lease, Stop));
        await outbox.RecordAsync(due, Refused with { RetryAfter = null }, Stop);
        await jobs.AgeAsync(TimeSpan.FromHours(1));
        Assert.Empty(await outbox.TakeDueAsync(10, [], TestJobs.Lease, Stop));
        Assert.Equal("given_up", Assert.Single(await outbox.LogAsync(job.Id, Stop)).State);

        await jobs.Store.EraseAsync(TestJobs.Owner, job.Id, Stop);
        await outbox.RecordAsync(due, Delivered, Stop);
        Assert.Empty(await outbox.LogAsync(job.Id, Stop));
        Assert.Equal(0, await jobs.CountAsync("webhook_attempts"));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Senders_at_once_never_take_the_same_webhook(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        for (var number = 0; number < 40; number++)
        {
            await jobs.Store.CancelAsync(TestJobs.Owner, (await jobs.AcceptAsync(To($"host-{number}"))).Id, Stop);
        }

        var outbox = new Outbox(jobs.Database);
        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => outbox.TakeDueAsync(10, [], TestJobs.Lease, Stop))));
        var ids = taken.SelectMany(due => due).Concat(await outbox.TakeDueAsync(40, [], TestJobs.Lease, Stop)).Select(due => due.Id).ToList();
        Assert.Equal(40, ids.Count);
        Assert.Equal(40, ids.Distinct().Count());
    }

    static NewJob To(string host) => TestJobs.New() with { WebhookUrl = $"https://{host}/hook" };
}
