using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using TranscriptionApi.Metrics.Prometheus;

namespace TranscriptionApi.Tests.Metrics;

/// <summary>Instruments of every kind as text.</summary>
public sealed class ExpositionTests : IDisposable
{
    const string MeterName = "Exposition.Tests";

    readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    readonly Exposition _exposition;
    readonly Meter _meter;

    public ExpositionTests()
    {
        var meters = _services.GetRequiredService<IMeterFactory>();
        _exposition = new Exposition(meters, [MeterName], NullLogger<Exposition>.Instance);
        _meter = meters.Create(MeterName);
    }

    public void Dispose()
    {
        _exposition.Dispose();
        _services.Dispose();
    }

    [Fact]
    public void Instruments_of_every_kind_have_their_type_in_order_of_names()
    {
        _meter.CreateObservableUpDownCounter("z.connections", () => 4L, description: "Open connections.");
        _meter.CreateObservableCounter("cpu.time", () => new Measurement<double>(1.5, Tag("mode", "user")), "s", "Time used.");
        _meter.CreateCounter<int>("jobs", "{job}", "Jobs so far.").Add(3, Tag("lane", "bulk"));
        _meter.CreateGauge<double>("load", "1", "Share in use.").Record(0.25);
        _meter.CreateObservableGauge("memory", () => 2048L, "By", "Bytes in use.");
        var active = _meter.CreateUpDownCounter<short>("active", "{request}");
        active.Add(5);
        active.Add(-7);
        _meter.CreateCounter<long>("unused", description: "Never counted.");

        Assert.Equal(
            """
            # TYPE active gauge
            active -2
            # HELP cpu_time_seconds_total Time used.
            # TYPE cpu_time_seconds_total counter
            cpu_time_seconds_total{mode="user"} 1.5
            # HELP jobs_total Jobs so far.
            # TYPE jobs_total counter
            jobs_total{lane="bulk"} 3
            # HELP load_ratio Share in use.
            # TYPE load_ratio gauge
            load_ratio 0.25
            # HELP memory_bytes Bytes in use.
            # TYPE memory_bytes gauge
            memory_bytes 2048
            # HELP z_connections Open connections.
            # TYPE z_connections gauge
            z_connections 4

            """,
            _exposition.Scrape());
    }

    [Fact]
    public void Histogram_buckets_add_up_and_end_at_infinity()
    {
        var histogram = _meter.CreateHistogram("wait", "s", "Time waited.", tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.5, 1, 10] });
        foreach (var seconds in new[] { 0.25, 0.5, 0.75, 4, 4, 100 })
        {
            histogram.Record(seconds, Tag("lane", "bulk"));
        }

        histogram.Record(2);

        Assert.Equal(
            """
            # HELP wait_seconds Time waited.
            # TYPE wait_seconds histogram
            wait_seconds_bucket{le="0.5"} 0
            wait_seconds_bucket{le="1"} 0
            wait_seconds_bucket{le="10"} 1
            wait_seconds_bucket{le="+Inf"} 1
            wait_seconds_sum 2
            wait_seconds_count 1
            wait_seconds_bucket{lane="bulk",le="0.5"} 2
            wait_seconds_bucket{lane="bulk",le="1"} 3
            wait_seconds_bucket{lane="bulk",le="10"} 5
            wait_seconds_bucket{lane="bulk",le="+Inf"} 6
            wait_seconds_sum{lane="bulk"} 109.5
            wait_seconds_count{lane="bulk"} 6

            """,
            _exposition.Scrape());
    }

    [Fact]
    public void Seconds_without_advice_have_fine_buckets()
    {
        _meter.CreateHistogram<double>("short", "s").Record(0.03);
        _meter.CreateHistogram<double>("counted").Record(3);

        var text = _exposition.Scrape();

        Assert.Contains("short_seconds_bucket{le=\"0.025\"} 0\nshort_seconds_bucket{le=\"0.05\"} 1\n", text);
        Assert.Contains("counted_bucket{le=\"0\"} 0\ncounted_bucket{le=\"5\"} 1\n", text);
    }

    [Fact]
    public void Tag_sets_of_an_instrument_are_series_of_one_family_in_order()
    {
        var counter = _meter.CreateCounter<long>("jobs");
        counter.Add(1, Tag("state", "failed"), Tag("lane", "a"));
        counter.Add(2, Tag("state", "completed"), Tag("lane", "b"));
        counter.Add(4, Tag("lane", "a"), Tag("state", "failed"));
        counter.Add(8);

        Assert.Equal(
            """
            # TYPE jobs_total counter
            jobs_total 8
            jobs_total{lane="a",state="failed"} 5
            jobs_total{lane="b",state="completed"} 2

            """,
            _exposition.Scrape());
    }

    [Fact]
    public void What_would_break_the_format_is_escaped()
    {
        _meter.CreateCounter<long>("odd", description: "A \\ and a \"quote\"\nand a line.").Add(1, Tag("9.path", "C:\\a\n\"b\""), Tag("ok", true), Tag("none", null), Tag("é.x", 1.5));

        Assert.Equal(
            """
            # HELP odd_total A \\ and a "quote"\nand a line.
            # TYPE odd_total counter
            odd_total{_9_path="C:\\a\n\"b\"",_x="1.5",none="",ok="true"} 1

            """,
            _exposition.Scrape());
    }

    [Fact]
    public void Tags_that_become_one_label_share_it()
    {
        _meter.CreateCounter<long>("jobs").Add(1, Tag("a.b", "1"), Tag("a_b", "2"));

        Assert.Contains("jobs_total{a_b=\"1;2\"} 1\n", _exposition.Scrape());
    }

    [Fact]
    public void Numbers_beyond_the_ordinary_are_written_as_prometheus_reads_them()
    {
        _meter.CreateObservableGauge("a", () => (Measurement<double>[])
        [
            new(double.NaN, Tag("n", 1)), new(double.PositiveInfinity, Tag("n", 2)), new(double.NegativeInfinity, Tag("n", 3)),
            new(1e-7, Tag("n", 4)), new(1e300, Tag("n", 5)), new(long.MaxValue, Tag("n", 6)),
        ]);

        Assert.Equal(
            ["NaN", "+Inf", "-Inf", "1E-07", "1E+300", "9.223372036854776E+18"],
            _exposition.Scrape().Split('\n').Where(line => line.StartsWith("a{", StringComparison.Ordinal)).Select(line => line.Split(' ')[1]));
    }

    [Theory]
    [InlineData("http.server.request.duration", "s", "http_server_request_duration_seconds")]
    [InlineData("already.seconds", "s", "already_seconds")]
    [InlineData("seconds", "s", "seconds")]
    [InlineData("nanoseconds", "s", "nanoseconds_seconds")]
    [InlineData("heap.size", "By", "heap_size_bytes")]
    [InlineData("heap.total", "By", "heap_total_bytes")]
    [InlineData("speed", "By/s", "speed_bytes_per_second")]
    [InlineData("speed", "{job}/min", "speed_per_minute")]
    [InlineData("speed", "m/{turn}", "speed_meters")]
    [InlineData("threads", "{thread}", "threads")]
    [InlineData("share", "1", "share_ratio")]
    [InlineData("share", "%", "share_percent")]
    [InlineData("odd", "fortnight.s", "odd_fortnight_s")]
    [InlineData("a..b--c", "", "a_b_c")]
    public void Names_spell_out_their_units(string name, string unit, string expected)
    {
        _meter.CreateGauge<long>(name, unit).Record(1);

        Assert.Contains($"# TYPE {expected} gauge\n{expected} 1\n", _exposition.Scrape());
    }

    [Theory]
    [InlineData("requests", "", "requests_total")]
    [InlineData("requests.total", "", "requests_total")]
    [InlineData("sent.total", "By", "sent_bytes_total")]
    [InlineData("factor", "1", "factor_total")]
    public void Counters_end_in_total(string name, string unit, string expected)
    {
        _meter.CreateCounter<long>(name, unit).Add(1);

        Assert.Contains($"# TYPE {expected} counter\n{expected} 1\n", _exposition.Scrape());
    }

    [Fact]
    public void Names_that_become_one_are_one_family_and_another_type_is_left_out()
    {
        _meter.CreateGauge<long>("a.b").Record(1, Tag("from", "dot"));
        _meter.CreateGauge<long>("a-b").Record(2, Tag("from", "dash"));
        _meter.CreateHistogram<double>("a/b").Record(3);

        Assert.Equal("# TYPE a_b gauge\na_b{from=\"dash\"} 2\na_b{from=\"dot\"} 1\n", _exposition.Scrape());
    }

    [Fact]
    public void A_flood_of_tag_values_ends_in_one_series()
    {
        var counter = _meter.CreateCounter<long>("flood");
        for (var i = 0; i < 2000; i++)
        {
            counter.Add(1, Tag("n", i));
        }

        var series = _exposition.Scrape().Split('\n').Where(line => line.StartsWith("flood_total{", StringComparison.Ordinal)).ToList();

        Assert.InRange(series.Count, 400, 501);
        Assert.Equal(2000, series.Sum(line => int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture)));
        Assert.Single(series, line => line.StartsWith("flood_total{otel_metric_overflow=\"true\"} ", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_no_longer_observed_is_no_longer_told()
    {
        IReadOnlyList<Measurement<long>> seen = [new(1, Tag("lane", "a")), new(2, Tag("lane", "b"))];
        _meter.CreateObservableGauge("depth", () => seen);
        _meter.CreateObservableGauge("broken", long () => throw new InvalidOperationException());
        Assert.Contains("depth{lane=\"b\"} 2\n", _exposition.Scrape());

        seen = [new(3, Tag("lane", "a"))];

        Assert.Equal("# TYPE depth gauge\ndepth{lane=\"a\"} 3\n", _exposition.Scrape());
    }

    [Fact]
    public void Meters_of_other_names_and_other_hosts_are_not_heard()
    {
        using var stranger = new ServiceCollection().AddMetrics().BuildServiceProvider();
        stranger.GetRequiredService<IMeterFactory>().Create(MeterName).CreateCounter<long>("theirs").Add(1);
        _services.GetRequiredService<IMeterFactory>().Create("Another").CreateCounter<long>("other").Add(1);

        Assert.Equal("", _exposition.Scrape());
    }

    [Fact]
    public async Task Measuring_and_scraping_at_the_same_time_loses_nothing()
    {
        const int Threads = 4;
        const int Times = 20_000;
        var counter = _meter.CreateCounter<long>("jobs");
        var histogram = _meter.CreateHistogram<double>("wait", "s");
        var measuring = Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < Times; i++)
            {
                counter.Add(1, Tag("thread", thread), Tag("i", i % 10));
                histogram.Record(i % 7);
            }
        })));

        var last = 0L;
        while (!measuring.IsCompleted)
        {
            var sums = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => Count(_exposition.Scrape()))));
            Assert.All(sums, sum => Assert.InRange(sum, last, Threads * Times));
            last = sums.Min();
        }

        await measuring;
        var text = _exposition.Scrape();
        Assert.Equal(Threads * Times, Count(text));
        Assert.Contains($"wait_seconds_count {Threads * Times}\n", text);
    }

    static long Count(string text) =>
        text.Split('\n').Where(line => line.StartsWith("jobs_total{", StringComparison.Ordinal)).Sum(line => long.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));

    static KeyValuePair<string, object?> Tag(string name, object? value) => new(name, value);
}
