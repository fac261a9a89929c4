using SpeechEngine.Audio;
using SpeechEngine.Channels;
using SpeechEngine.Tests.Audio;

namespace SpeechEngine.Tests.Channels;

/// <summary>Calls put together from clips, from the file to the merged text.</summary>
public sealed class CallTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Both_sides_of_a_call_are_heard_in_turn_each_in_its_language()
    {
        var merged = Transcribe(Channel((0, "en-01"), (3, "en-05")), Channel((0.3, "es-04"), (5.5, "es-03")), language: null);

        Assert.Equal(
            [(0, "en"), (1, "es"), (0, "en"), (1, "es")],
            merged.Segments.Select(segment => (segment.Channel!.Value, segment.Language)));
        string[] said = [" There are eighty-eight keys", " El número de la habitación", " We need to buy sugar", " El tren a Chicago sale del andén diecinueve"];
        Assert.All(said.Zip(merged.Segments), pair => Assert.StartsWith(pair.First, pair.Second.Text));
        Assert.Empty(merged.Dropped);
    }

    [Fact]
    public void What_the_microphone_picks_up_from_the_loudspeaker_is_not_heard_twice()
    {
        var far = Channel((0, "en-01"), (2.8, "en-05"));
        var near = Mix(Channel((6.5, "en-02")), far, amplitude: 0.1f, late: 0.12); // 20 dB softer

        var merged = Transcribe(far, near, "en");

        Assert.Equal([0, 0, 1], merged.Segments.Select(segment => segment.Channel!.Value));
        Assert.Equal(" The market is near the station.", merged.Segments[2].Text);
        Assert.Equal([" There are eighty-eight keys in the kitchen.", " We need to buy sugar, milk and tea."], merged.Segments.Take(2).Select(segment => segment.Text));
        Assert.Equal([1, 1], merged.Dropped.Select(drop => drop.Segment.Channel!.Value));
        Assert.All(merged.Dropped, drop => Assert.Equal(DropReasons.Echo, drop.Reasons));
    }

    MergedChannels Transcribe(float[] left, float[] right, string? language)
    {
        short[] values = [.. left.Zip(right).SelectMany(pair => new[] { ToInt16(pair.First), ToInt16(pair.Second) })];
        using var audio = new AudioDecoder(new AudioDecoderSettings()).DecodeChannels(_folder.Write("call", WavFile.Make16(16_000, 2, values)), CancellationToken.None);
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings { Threads = 2 });
        return ChannelMerge.Merge(audio, [.. audio.Channels.Select(channel => engine.Transcribe(channel, new TranscribeOptions { Language = language }, null, CancellationToken.None).ToList())]);
    }

    /// <summary>The clips where they begin, in faint noise: digital silence is not what a line sounds like.</summary>
    static float[] Channel(params (double Start, string Clip)[] clips)
    {
        var random = new Random(1);
        var samples = new float[14 * PcmAudio.SampleRate].Select(_ => (random.NextSingle() - 0.5f) * 1e-3f).ToArray();
        foreach (var (start, clip) in clips)
        {
            using var audio = Recording.Read(TestFiles.Data("clips", clip + ".wav"));
            for (var i = 0; i < audio.SampleCount; i++)
            {
                samples[(int)(start * PcmAudio.SampleRate) + i] += audio.Samples[i];
            }
        }

        return samples;
    }

    static float[] Mix(float[] near, float[] far, float amplitude, double late)
    {
        var delay = (int)(late * PcmAudio.SampleRate);
        return [.. near.Select((sample, i) => sample + (i < delay ? 0 : far[i - delay] * amplitude))];
    }

    static short ToInt16(float sample) => (short)Math.Clamp(sample * 32_768, short.MinValue, short.MaxValue);
}
