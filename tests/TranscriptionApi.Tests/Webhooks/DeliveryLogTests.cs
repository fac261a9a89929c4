using System.Text.Json;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Tests.Jobs;
using TranscriptionApi.Webhooks;

namespace TranscriptionApi.Tests.Webhooks;

public sealed class DeliveryLogTests(PostgresServer postgres)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(JobDatabases.Both), MemberType = typeof(JobDatabases))]
    public async Task Every_attempt_is_listed_with_the_time_of_the_next_one(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var (log, outbox) = (new DeliveryLog(new Outbox(jobs.Database)), new Outbox(jobs.Database));
        var job = await WebhookService.EndJobAsync(jobs.Store, "https://example.com/hook?key=CANARY");
        Assert.Equal("""{"object":"list","data":[],"has_more":false}""", Json(await log.ReadAsync(job, Stop)));

        var first = Assert.Single(await outbox.TakeDueAsync(4, [], TimeSpan.Zero, Stop));
        await outbox.RecordAsync(first, new WebhookOutcome(null, WebhookFault.Timeout, TimeSpan.FromSeconds(15), false, TimeSpan.Zero), Stop);
        var second = Assert.Single(await outbox.TakeDueAsync(4, [], TimeSpan.Zero, Stop));
        await outbox.RecordAsync(second, new WebhookOutcome(503, null, TimeSpan.FromMilliseconds(12), false, TimeSpan.FromHours(1)), Stop);
        var data = (await log.ReadAsync(job, Stop)).Data;

        Assert.Matches(
            $$"""^\{"object":"audio\.transcription\.delivery","id":"{{first.Id}}","type":"audio\.transcription\.cancelled","attempt":1,"created_at":\d{10},"status_code":null,"error":"timeout","duration_ms":15000,"next_attempt_at":null\}$""",
            JsonSerializer.Serialize(data[0], ApiJson.Wire.Delivery));
        Assert.Equal((2, 503, null, 12L), (data[1].Attempt, data[1].StatusCode, data[1].Error, data[1].DurationMs));
        Assert.InRange(data[1].NextAttemptAt!.Value - data[1].CreatedAt, 3599, 3601);
        Assert.DoesNotContain("CANARY", Json(await log.ReadAsync(job, Stop)));
    }

    [Fact]
    public async Task What_is_given_up_has_no_next_attempt()
    {
        await using var jobs = await JobDatabases.OpenAsync(JobDatabases.Sqlite, postgres);
        var (log, outbox) = (new DeliveryLog(new Outbox(jobs.Database)), new Outbox(jobs.Database));
        var job = await WebhookService.EndJobAsync(jobs.Store, "https://example.com/hook");
        var due = Assert.Single(await outbox.TakeDueAsync(4, [], TimeSpan.Zero, Stop));
        await outbox.RecordAsync(due, new WebhookOutcome(410, null, TimeSpan.Zero, false, null), Stop);

        Assert.Null(Assert.Single((await log.ReadAsync(job, Stop)).Data).NextAttemptAt);
    }

    static string Json(DeliveryList list) => JsonSerializer.Serialize(list, ApiJson.Wire.DeliveryList);
}
