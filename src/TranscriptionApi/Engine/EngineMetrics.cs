using System.Diagnostics.Metrics;

namespace TranscriptionApi.Engine;

/// <summary>The engine's numbers for dotnet-counters, OpenTelemetry and the like. Requests themselves are counted by ASP.NET Core.</summary>
sealed class EngineMetrics : IDisposable
{
    readonly Meter _meter;
    readonly Counter<double> _audio;
    readonly Histogram<double> _work;
    readonly Histogram<double> _realTimeFactor;

    public EngineMetrics(IMeterFactory meters, EngineQueue queue)
    {
        _meter = meters.Create("TranscriptionApi");
        _audio = _meter.CreateCounter<double>("transcription.audio", "s", "Audio transcribed.");
        _work = _meter.CreateHistogram<double>("transcription.work", "s", "Time spent on one transcription, waiting not included.");
        _realTimeFactor = _meter.CreateHistogram<double>("transcription.real_time_factor", description: "Work time divided by audio time.");
        _meter.CreateObservableGauge("transcription.waiting", () => queue.Waiting, description: "Transcriptions waiting for a place.");
        _meter.CreateObservableGauge("transcription.running", () => queue.Running, description: "Transcriptions running.");
    }

    public void Finished(string model, TimeSpan audio, TimeSpan work)
    {
        var tag = KeyValuePair.Create<string, object?>("model", model);
        _audio.Add(audio.TotalSeconds, tag);
        _work.Record(work.TotalSeconds, tag);
        if (audio > TimeSpan.Zero)
        {
            _realTimeFactor.Record(work / audio, tag);
        }
    }

    public void Dispose() => _meter.Dispose();
}
