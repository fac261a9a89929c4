using System.Data.Common;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Tests.Contract;
using TranscriptionApi.Tests.Jobs;
using TranscriptionApi.Webhooks;

namespace TranscriptionApi.Tests.Webhooks;

/// <summary>How the ends of jobs reach their receivers, with a real store and real sockets.</summary>
public sealed class WebhookSenderTests(PostgresServer postgres)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(JobDatabases.Both), MemberType = typeof(JobDatabases))]
    public async Task Webhook_arrives_once_under_one_id_although_the_receiver_was_down_and_the_server_started_anew(string database)
    {
        await using var receiver = await Receiver.StartAsync();
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var parts = new TestStoreParts(jobs.Database, jobs.Signals);
        receiver.Usual = 503;
        receiver.Answers.Enqueue(0);
        var job = await WebhookService.EndJobAsync(jobs.Store, receiver.Url);

        await using (await WebhookService.StartAsync(parts))
        {
            await TestApi.WaitUntilAsync(() => Task.FromResult(receiver.Attempts.Count >= 3));
        }

        var failed = receiver.Attempts.Count;
        receiver.Usual = 200;
        await using var second = await WebhookService.StartAsync(parts);
        await TestApi.WaitUntilAsync(async () => await StateAsync(jobs.Database, job) == "delivered");
        var later = await WebhookService.EndJobAsync(jobs.Store, receiver.Url);
        await TestApi.WaitUntilAsync(async () => await StateAsync(jobs.Database, later) == "delivered");

        // One more for the job that ended later shows that the first was not sent again meanwhile.
        Assert.Equal(failed + 2, receiver.Attempts.Count);
        var attempts = receiver.Attempts.Take(failed + 1).ToList();
        Assert.Single(attempts.Select(attempt => (attempt.Id, attempt.Body, attempt.ContentType)).Distinct());
        Assert.All(attempts, attempt => Assert.Equal(
            new WebhookSignature([WebhookService.Secret]).Sign(attempt.Id, long.Parse(attempt.Timestamp, CultureInfo.InvariantCulture), Encoding.UTF8.GetBytes(attempt.Body)),
            attempt.Signature));
        Assert.Matches("^msg_[0-9a-f]{32}$", attempts[0].Id);
        Assert.Equal("application/json", attempts[0].ContentType);
        Assert.Matches(
            $$"""^\{"id":"evt_{{attempts[0].Id[4..]}}","object":"event","type":"audio\.transcription\.cancelled","created_at":\d{10},"data":\{"id":"{{job}}"\}\}$""",
            attempts[0].Body);
        var log = await new Outbox(jobs.Database).LogAsync(job, Stop);
        Assert.Equal(Enumerable.Range(1, log.Count), log.Select(attempt => attempt.Number));
        Assert.Equal((null, WebhookFault.ConnectionFailed), (log[0].Status, log[0].Error));
        Assert.Equal((503, null), (log[1].Status, log[1].Error));
        Assert.Equal((200, null, "delivered"), (log[^1].Status, log[^1].Error, log[^1].State));
        Assert.NotEqual(attempts[0].Id, receiver.Attempts.Last().Id);
    }

    [Fact]
    public async Task What_arrives_satisfies_openais_node_client()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var jobs = await JobDatabases.OpenAsync(JobDatabases.Sqlite, postgres);
        var job = await WebhookService.EndJobAsync(jobs.Store, receiver.Url);
        await using var service = await WebhookService.StartAsync(new TestStoreParts(jobs.Database, jobs.Signals));
        await TestApi.WaitUntilAsync(async () => await StateAsync(jobs.Database, job) == "delivered");
        var (id, timestamp, signature, _, body) = Assert.Single(receiver.Attempts);
        var headers = new Dictionary<string, string> { ["webhook-id"] = id, ["webhook-timestamp"] = timestamp, ["webhook-signature"] = signature };

        using var seen = await NodeClient.RunAsync(
            "webhook.mjs",
            JsonSerializer.Serialize(new object[] { new { body, headers, secret = WebhookService.Secret }, new { body, headers, secret = "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=" } }));

        Assert.Equal([$"audio.transcription.cancelled {job}", "refused"], seen.RootElement.EnumerateArray().Select(outcome => outcome.GetString()));
    }

    [Theory]
    [MemberData(nameof(JobDatabases.Both), MemberType = typeof(JobDatabases))]
    public async Task Slow_receiver_holds_up_nobody_else(string database)
    {
        await using var slow = await Receiver.StartAsync();
        await using var quick = await Receiver.StartAsync();
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        slow.Gate = new TaskCompletionSource();
        for (var i = 0; i < 10; i++)
        {
            await WebhookService.EndJobAsync(jobs.Store, slow.Url);
        }

        await using var service = await WebhookService.StartAsync(new TestStoreParts(jobs.Database, jobs.Signals));
        await TestApi.WaitUntilAsync(() => Task.FromResult(slow.Open == 1));
        for (var i = 0; i < 5; i++)
        {
            await WebhookService.EndJobAsync(jobs.Store, quick.Url);
        }

        await TestApi.WaitUntilAsync(() => Task.FromResult(quick.Attempts.Count == 5));
        Assert.Equal(1, slow.Open);
        Assert.Single(slow.Attempts);
        slow.Gate.SetResult();
        await TestApi.WaitUntilAsync(() => Task.FromResult(slow.Attempts.Count == 10));
        Assert.Equal(10, slow.Attempts.Select(attempt => attempt.Id).Distinct().Count());
    }

    [Fact]
    public async Task At_most_four_are_sent_at_once()
    {
        await using var jobs = await JobDatabases.OpenAsync(JobDatabases.Sqlite, postgres);
        var gate = new TaskCompletionSource();
        var receivers = new List<Receiver>();
        for (var i = 0; i < 6; i++)
        {
            receivers.Add(await Receiver.StartAsync());
            receivers[i].Gate = gate;
            await WebhookService.EndJobAsync(jobs.Store, receivers[i].Url);
        }

        await using var service = await WebhookService.StartAsync(new TestStoreParts(jobs.Database, jobs.Signals));
        await TestApi.WaitUntilAsync(() => Task.FromResult(receivers.Sum(receiver => receiver.Open) == 4));
        await WebhookService.EndJobAsync(jobs.Store, receivers[0].Url);
        await Task.Delay(300, Stop);
        Assert.Equal(4, receivers.Sum(receiver => receiver.Attempts.Count));
        gate.SetResult();
        await TestApi.WaitUntilAsync(() => Task.FromResult(receivers.Sum(receiver => receiver.Attempts.Count) == 7));
        foreach (var receiver in receivers)
        {
            await receiver.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(301)]
    [InlineData(307)]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(404)]
    [InlineData(429)]
    [InlineData(500)]
    public async Task Any_other_answer_is_tried_again_and_no_redirect_is_followed(int status)
    {
        await using var receiver = await Receiver.StartAsync();
        await using var elsewhere = await Receiver.StartAsync();
        await using var jobs = await JobDatabases.OpenAsync(JobDatabases.Sqlite, postgres);
        receiver.Answers.Enqueue(status);
        receiver.Location = elsewhere.Url;
        var job = await WebhookService.EndJobAsync(jobs.Store, receiver.Url);

        await using var service = await WebhookService.StartAsync(new TestStoreParts(jobs.Database, jobs.Signals));
        await TestApi.WaitUntilAsync(async () => await StateAsync(jobs.Database, job) == "delivered");

        Assert.Equal([status, 200], (await new Outbox(jobs.Database).LogAsync(job, Stop)).Select(attempt => attempt.Status));
        Assert.Empty(elsewhere.Attempts);
    }

    [Theory]
    [InlineData(200, "delivered")]
    [InlineData(202, "delivered")]
    [InlineData(204, "delivered")]
    [InlineData(299, "delivered")]
    [InlineData(410, "given_up")]
    public async Task Success_and_gone_are_final(int status, string state)
    {
        await using var receiver = await Receiver.StartAsync();
        await using var jobs = await JobDatabases.OpenAsync(JobDatabases.Sqlite, postgres);
        receiver.Usual = status;
        var job = await WebhookService.EndJobAsync(jobs.Store, receiver.Url);

        await using var service = await WebhookService.StartAsync(new TestStoreParts(jobs.Database, jobs.Signals));
        await TestApi.WaitUntilAsync(async () => await StateAsync(jobs.Database, job) == state);

        Assert.Null(await new Outbox(jobs.Database).NextDueMsAsync([], Stop));
        Assert.Equal(status, Assert.Single(await new Outbox(jobs.Database).LogAsync(job, Stop)).Status);
    }

    [Fact]
    public async Task What_would_be_tried_again_too_late_is_given_up()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var jobs = await JobDatabases.OpenAsync(JobDatabases.Sqlite, postgres);
        receiver.Usual = 500;
        var job = await WebhookService.EndJobAsync(jobs.Store, receiver.Url);

        await using var service = await WebhookService.StartAsync(
            new TestStoreParts(jobs.Database, jobs.Signals), new WebhookOptions { Secret = WebhookService.Secret, MaxHours = 1 }, new RetrySchedule(TimeSpan.FromHours(2)));
        await TestApi.WaitUntilAsync(async () => await StateAsync(jobs.Database, job) == "given_up");

        Assert.Single(receiver.Attempts);
    }

    [Fact]
    public async Task Address_that_is_not_allowed_is_never_connected_to()
    {
        using var inside = new TcpListener(System.Net.IPAddress.Parse("127.0.0.2"), 0);
        inside.Start();
        await using var jobs = await JobDatabases.OpenAsync(JobDatabases.Sqlite, postgres);
        var job = await WebhookService.EndJobAsync(jobs.Store, $"http://{inside.LocalEndpoint}/hook");

        await using var service = await WebhookService.StartAsync(new TestStoreParts(jobs.Database, jobs.Signals));
        await TestApi.WaitUntilAsync(async () => (await new Outbox(jobs.Database).LogAsync(job, Stop)).Count >= 2);

        Assert.All(await new Outbox(jobs.Database).LogAsync(job, Stop), attempt => Assert.Equal(WebhookFault.AddressNotAllowed, attempt.Error));
        Assert.False(inside.Pending());
    }

    [Fact]
    public async Task Receiver_whose_certificate_nobody_vouches_for_gets_nothing()
    {
        await using var receiver = await Receiver.StartAsync("https://127.0.0.1:0");
        await using var jobs = await JobDatabases.OpenAsync(JobDatabases.Sqlite, postgres);
        var job = await WebhookService.EndJobAsync(jobs.Store, receiver.Url);

        await using var service = await WebhookService.StartAsync(new TestStoreParts(jobs.Database, jobs.Signals));
        await TestApi.WaitUntilAsync(async () => (await new Outbox(jobs.Database).LogAsync(job, Stop)).Count >= 1);

        Assert.Equal(WebhookFault.TlsFailed, (await new Outbox(jobs.Database).LogAsync(job, Stop))[0].Error);
        Assert.Empty(receiver.Attempts);
    }

    [Fact]
    public async Task Receiver_that_does_not_answer_in_time_is_tried_again()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var jobs = await JobDatabases.OpenAsync(JobDatabases.Sqlite, postgres);
        receiver.Gate = new TaskCompletionSource();
        var job = await WebhookService.EndJobAsync(jobs.Store, receiver.Url);

        await using var service = await WebhookService.StartAsync(
            new TestStoreParts(jobs.Database, jobs.Signals), new WebhookOptions { Secret = WebhookService.Secret, TimeoutSeconds = 1 });
        await TestApi.WaitUntilAsync(async () => (await new Outbox(jobs.Database).LogAsync(job, Stop)).Count >= 1);
        receiver.Gate.SetResult();
        await TestApi.WaitUntilAsync(async () => await StateAsync(jobs.Database, job) == "delivered");

        Assert.Equal(WebhookFault.Timeout, (await new Outbox(jobs.Database).LogAsync(job, Stop))[0].Error);
    }

    [Fact]
    public async Task Server_that_stops_does_not_wait_for_a_receiver_and_the_next_one_tries_again()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var jobs = await JobDatabases.OpenAsync(JobDatabases.Sqlite, postgres);
        var parts = new TestStoreParts(jobs.Database, jobs.Signals);
        receiver.Gate = new TaskCompletionSource();
        var job = await WebhookService.EndJobAsync(jobs.Store, receiver.Url);
        await using (var first = await WebhookService.StartAsync(parts, new WebhookOptions { Secret = WebhookService.Secret, TimeoutSeconds = 300 }))
        {
            await TestApi.WaitUntilAsync(() => Task.FromResult(receiver.Open == 1));
            await first.StopAsync().WaitAsync(TimeSpan.FromSeconds(20), Stop);
        }

        Assert.Equal(WebhookFault.Stopped, Assert.Single(await new Outbox(jobs.Database).LogAsync(job, Stop)).Error);
        receiver.Gate.SetResult();
        await using var second = await WebhookService.StartAsync(parts);
        await TestApi.WaitUntilAsync(async () => await StateAsync(jobs.Database, job) == "delivered");
        Assert.Single(receiver.Attempts.Select(attempt => attempt.Id).Distinct());
    }

    [Fact]
    public async Task What_a_dead_server_had_taken_is_sent_by_another_when_its_lease_is_over()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var jobs = await JobDatabases.OpenAsync(JobDatabases.Sqlite, postgres);
        var job = await WebhookService.EndJobAsync(jobs.Store, receiver.Url);
        var taken = Assert.Single(await new Outbox(jobs.Database).TakeDueAsync(4, [], TimeSpan.FromSeconds(1), Stop));

        await using var service = await WebhookService.StartAsync(new TestStoreParts(jobs.Database, jobs.Signals));
        await TestApi.WaitUntilAsync(async () => await StateAsync(jobs.Database, job) == "delivered");

        Assert.Equal(taken.Id, Assert.Single(receiver.Attempts).Id);
    }

    [Theory]
    [MemberData(nameof(JobDatabases.Both), MemberType = typeof(JobDatabases))]
    public async Task Whoever_comes_too_late_changes_nothing_but_may_say_that_it_was_delivered(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var outbox = new Outbox(jobs.Database);
        var job = await WebhookService.EndJobAsync(jobs.Store, "https://example.com/hook");
        var late = Assert.Single(await outbox.TakeDueAsync(4, [], TimeSpan.Zero, Stop));
        var current = Assert.Single(await outbox.TakeDueAsync(4, [], TimeSpan.FromMinutes(1), Stop));
        Assert.Equal((0L, 1L), (late.Attempts, current.Attempts));
        Assert.Empty(await outbox.TakeDueAsync(4, [], TimeSpan.FromMinutes(1), Stop));
        var delivered = new WebhookOutcome(200, null, TimeSpan.Zero, IsDelivered: true, null);

        Assert.False(await outbox.RecordAsync(late, new WebhookOutcome(500, null, TimeSpan.Zero, false, TimeSpan.Zero), Stop));
        Assert.False(await outbox.RecordAsync(late, new WebhookOutcome(410, null, TimeSpan.Zero, false, null), Stop));
        Assert.Empty(await outbox.LogAsync(job, Stop));
        Assert.True(await outbox.RecordAsync(late, delivered, Stop));
        Assert.False(await outbox.RecordAsync(current, new WebhookOutcome(500, null, TimeSpan.Zero, false, TimeSpan.Zero), Stop));
        Assert.False(await outbox.RecordAsync(current, delivered, Stop));
        Assert.Equal("delivered", Assert.Single(await outbox.LogAsync(job, Stop)).State);

        Assert.NotNull(await jobs.Store.EraseAsync("owner", job, Stop));
        Assert.False(await outbox.RecordAsync(current, delivered, Stop));
    }

    [Theory]
    [MemberData(nameof(JobDatabases.Both), MemberType = typeof(JobDatabases))]
    public async Task Receivers_that_are_busy_are_left_out_and_each_is_taken_once(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        var outbox = new Outbox(jobs.Database);
        foreach (var url in new[] { "https://a.example/1", "https://a.example/2", "https://a.example:8443/1", "https://a.example.org/1", "http://a.example/1", "https://b.example/" })
        {
            await WebhookService.EndJobAsync(jobs.Store, url);
        }

        Assert.Equal(
            ["https://a.example:8443/1", "https://a.example.org/1", "http://a.example/1"],
            (await outbox.TakeDueAsync(10, ["https://b.example/", "https://a.example/"], TimeSpan.FromHours(1), Stop)).Select(due => due.Url));
        Assert.Equal(["https://a.example/1", "https://b.example/"], (await outbox.TakeDueAsync(10, [], TimeSpan.FromHours(1), Stop)).Select(due => due.Url));
        Assert.InRange((await outbox.NextDueMsAsync(["https://b.example/", "http://a.example/", "https://a.example.org/"], Stop))!.Value, long.MinValue, 0);
        Assert.InRange((await outbox.NextDueMsAsync(["https://a.example/"], Stop))!.Value, 1, 3_600_000);
    }

    [Fact]
    public async Task Database_that_is_away_for_a_while_loses_nothing_and_repeats_nothing()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var jobs = await JobDatabases.OpenAsync(JobDatabases.Sqlite, postgres);
        var job = await WebhookService.EndJobAsync(jobs.Store, receiver.Url);
        var database = new FailingDatabase(jobs.Database) { Reads = 1, Writes = 0 };

        // First the look fails, then the taking, then the storing of what became of it.
        receiver.Gate = new TaskCompletionSource();
        await using var service = await WebhookService.StartAsync(new TestStoreParts(database, jobs.Signals));
        await TestApi.WaitUntilAsync(() => Task.FromResult(receiver.Open == 1));
        database.Writes = 2;
        receiver.Gate.SetResult();
        await TestApi.WaitUntilAsync(async () => await StateAsync(jobs.Database, job) == "delivered");

        Assert.Equal((0, 0), (database.Reads, database.Writes));
        Assert.Single(receiver.Attempts);
    }

    [Fact]
    public async Task Without_a_secret_nothing_is_sent()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var jobs = await JobDatabases.OpenAsync(JobDatabases.Sqlite, postgres);
        var parts = new TestStoreParts(jobs.Database, jobs.Signals);
        var job = await WebhookService.EndJobAsync(jobs.Store, receiver.Url);

        await using (await WebhookService.StartAsync(parts, new WebhookOptions()))
        {
            await Task.Delay(300, Stop);
        }

        Assert.Empty(receiver.Attempts);
        await using var service = await WebhookService.StartAsync(parts);
        await TestApi.WaitUntilAsync(async () => await StateAsync(jobs.Database, job) == "delivered");
    }

    static async Task<string?> StateAsync(IJobDatabase database, string job) => (await new Outbox(database).LogAsync(job, Stop)).LastOrDefault()?.State;

    sealed class FailingDatabase(IJobDatabase database) : IJobDatabase
    {
        int _reads;
        int _writes;

        /// <summary>Reads that fail from now on.</summary>
        public int Reads { get => Volatile.Read(ref _reads); set => Volatile.Write(ref _reads, value); }

        /// <summary>Writes that fail from now on.</summary>
        public int Writes { get => Volatile.Read(ref _writes); set => Volatile.Write(ref _writes, value); }

        public SqlDialect Dialect => database.Dialect;

        public bool IsShared => database.IsShared;

        public Task<string> PrepareAsync(CancellationToken cancellation) => database.PrepareAsync(cancellation);

        public Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> read, CancellationToken cancellation) =>
            Fails(ref _reads) ? throw new TimeoutException("The database is away.") : database.ReadAsync(read, cancellation);

        public Task<T> WriteAsync<T>(Func<DbConnection, DbTransaction, Task<T>> write, CancellationToken cancellation) =>
            Fails(ref _writes) ? throw new TimeoutException("The database is away.") : database.WriteAsync(write, cancellation);

        public T Write<T>(Func<DbConnection, DbTransaction, T> write) => throw new NotSupportedException();

        public Task ForgetErasedAsync(CancellationToken cancellation) => database.ForgetErasedAsync(cancellation);

        public ValueTask DisposeAsync() => database.DisposeAsync();

        static bool Fails(ref int left)
        {
            var isFailing = Volatile.Read(ref left) > 0;
            if (isFailing)
            {
                Interlocked.Decrement(ref left);
            }

            return isFailing;
        }
    }
}
