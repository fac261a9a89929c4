using System.Diagnostics.Metrics;

namespace TranscriptionApi.Metrics;

/// <summary>The numbers of the jobs, named as OpenTelemetry names things. Requests themselves are counted by ASP.NET Core.</summary>
/// <remarks>Tags come from lists the server knows, never from a caller's own words: each value is a series for as long as the process lives.</remarks>
sealed class JobMetrics : IDisposable
{
    public const string MeterName = "TranscriptionApi";

    readonly Meter _meter;
    readonly Counter<long> _accepted;
    readonly Counter<long> _ended;
    readonly Counter<long> _joined;
    readonly Counter<long> _attempts;
    readonly Counter<long> _leasesLost;
    readonly Counter<long> _deliveries;
    readonly Counter<double> _audio;
    readonly Histogram<double> _queueDuration;
    readonly Histogram<double> _work;
    readonly Histogram<double> _realTimeFactor;

    public JobMetrics(IMeterFactory meters, QueueFiguresReader figures)
    {
        _meter = meters.Create(MeterName);
        _accepted = _meter.CreateCounter<long>("transcription.jobs.accepted", "{job}", "Jobs taken into the queue.");
        _ended = _meter.CreateCounter<long>("transcription.jobs.ended", "{job}", "Jobs that came to their end; code says why one failed.");
        _joined = _meter.CreateCounter<long>("transcription.jobs.joined", "{request}", "Requests answered by a job that was already there.");
        _attempts = _meter.CreateCounter<long>("transcription.attempts", "{attempt}", "Attempts at jobs that are over.");
        _leasesLost = _meter.CreateCounter<long>("transcription.leases.lost", "{lease}", "Jobs that were taken from their worker here, or that it gave up because it could not renew its lease.");
        _deliveries = _meter.CreateCounter<long>("transcription.webhooks.deliveries", "{delivery}", "Attempts to deliver a webhook.");
        _audio = _meter.CreateCounter<double>("transcription.audio", "s", "Audio transcribed.");
        _queueDuration = CreateHistogram(
            "transcription.queue.duration", "s", "Time from a job's acceptance until a worker first took it.",
            0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400);
        _work = CreateHistogram(
            "transcription.work", "s", "Time spent on one transcription, waiting not included.",
            0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14400);
        _realTimeFactor = CreateHistogram(
            "transcription.real_time_factor", "1", "Work time divided by audio time: below 1 is faster than the audio plays.",
            0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2.5, 5, 10);

        // There from the start: the first event would otherwise be no increase to whoever watches.
        _joined.Add(0);
        _leasesLost.Add(0);
        _meter.CreateObservableGauge("transcription.queue.depth", () => Depth(figures), "{job}", "Jobs of all servers on one database that wait for a worker (queued) or have one (running).");
        _meter.CreateObservableGauge("transcription.queue.audio", () => EachLane(figures, lane => lane.QueuedAudio.TotalSeconds), "s", "Length of the audio that waits for a worker, on all servers of one database.");
        _meter.CreateObservableGauge("transcription.queue.oldest", () => EachLane(figures, lane => lane.Oldest.TotalSeconds), "s", "Age of the job that waits longest, on all servers of one database; 0 when none does.");
    }

    public void Accepted(string lane) => _accepted.Add(1, Tag("lane", lane));

    /// <param name="state">completed, failed, cancelled or expired.</param>
    /// <param name="lane">The job's lane.</param>
    /// <param name="code">The error's code, of a failed job only.</param>
    public void Ended(string state, string lane, string? code = null)
    {
        if (code is null)
        {
            _ended.Add(1, Tag("state", state), Tag("lane", lane));
        }
        else
        {
            _ended.Add(1, Tag("state", state), Tag("lane", lane), Tag("code", code));
        }
    }

    public void Joined() => _joined.Add(1);

    /// <param name="outcome">completed, failed, retried, handed_back (its worker stops), died (its worker is dead) or cancelled.</param>
    public void AttemptEnded(string outcome) => _attempts.Add(1, Tag("outcome", outcome));

    public void LeaseLost() => _leasesLost.Add(1);

    /// <param name="outcome">delivered, failed (it is tried again) or given_up.</param>
    public void WebhookSent(string outcome) => _deliveries.Add(1, Tag("outcome", outcome));

    /// <summary>A worker took a job for the first time.</summary>
    public void FirstClaimed(string lane, TimeSpan queued) => _queueDuration.Record(queued.TotalSeconds, Tag("lane", lane));

    /// <param name="model">Catalog id of the model.</param>
    /// <param name="format">Container of the uploaded audio, such as wav or mp3.</param>
    /// <param name="audio">Length of the audio.</param>
    /// <param name="work">Time of decoding and transcribing.</param>
    public void Transcribed(string model, string format, TimeSpan audio, TimeSpan work)
    {
        _audio.Add(audio.TotalSeconds, Tag("model", model));
        _work.Record(work.TotalSeconds, Tag("model", model), Tag("format", format));
        if (audio > TimeSpan.Zero)
        {
            _realTimeFactor.Record(work / audio, Tag("model", model), Tag("format", format));
        }
    }

    public void Dispose() => _meter.Dispose();

    Histogram<double> CreateHistogram(string name, string unit, string description, params double[] bounds) =>
        _meter.CreateHistogram(name, unit, description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });

    static IEnumerable<Measurement<long>> Depth(QueueFiguresReader figures) => figures.Read().SelectMany(lane => (Measurement<long>[])
    [
        new(lane.Queued, Tag("lane", lane.Lane), Tag("state", "queued")),
        new(lane.Running, Tag("lane", lane.Lane), Tag("state", "running")),
    ]);

    static IEnumerable<Measurement<double>> EachLane(QueueFiguresReader figures, Func<LaneFigures, double> value) =>
        figures.Read().Select(lane => new Measurement<double>(value(lane), Tag("lane", lane.Lane)));

    static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
