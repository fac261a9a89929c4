using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace TranscriptionApi.Tests.Engine;

public sealed class EngineMetricsTests
{
    [Fact]
    public async Task Finished_transcription_is_measured_under_its_model()
    {
        await using var api = new TestApi();
        using var client = await api.ReadyClientAsync();
        var seen = new ConcurrentDictionary<string, double>();
        using var listener = new MeterListener
        {
            // Other tests run services of their own in this process.
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == "TranscriptionApi" && instrument.Meter.Scope == api.Services.GetRequiredService<IMeterFactory>())
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => seen[$"{instrument.Name} {tags[0].Value}"] = value);
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => seen[instrument.Name] = value);
        listener.Start();

        await TestApi.TranscribeAsync(client);
        listener.RecordObservableInstruments();

        Assert.Equal(2, seen["transcription.audio alpha"]);
        Assert.InRange(seen["transcription.work alpha"], 0, 10);
        Assert.InRange(seen["transcription.real_time_factor alpha"], 0, 5);
        Assert.Equal(0, seen["transcription.waiting"]);
        Assert.Equal(0, seen["transcription.running"]);
    }
}
