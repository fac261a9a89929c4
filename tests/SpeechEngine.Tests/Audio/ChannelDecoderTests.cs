using SpeechEngine.Audio;

namespace SpeechEngine.Tests.Audio;

/// <summary>WAV files whose channels are kept apart; the measure is always the mono file of the same samples.</summary>
public sealed class ChannelDecoderTests : IDisposable
{
    const int Frames = 6_000;

    static readonly AudioDecoderSettings NoFfmpeg = new() { Ffmpeg = "no-such-program" };

    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(WavFile.Pcm, 8)]
    [InlineData(WavFile.Pcm, 16)]
    [InlineData(WavFile.Pcm, 24)]
    [InlineData(WavFile.Pcm, 32)]
    [InlineData(WavFile.Float, 32)]
    [InlineData(WavFile.Float, 64)]
    [InlineData(WavFile.ALaw, 8)]
    [InlineData(WavFile.MuLaw, 8)]
    public void Every_channel_of_every_sample_format_is_the_mono_file_of_its_samples(int tag, int bits)
    {
        foreach (var channels in new[] { 1, 2, 3, 4 })
        {
            AssertChannelsAreMonoFiles(16_000, Enumerable.Range(0, channels).Select(seed => Bytes(tag, bits, seed)).ToArray(), tag, bits);
        }
    }

    [Theory]
    [InlineData(8_000, 2)]
    [InlineData(44_100, 2)]
    [InlineData(48_000, 6)]
    [InlineData(12_345, 3)]
    [InlineData(22_051, 64)]
    public void Every_channel_of_every_rate_is_the_mono_file_of_its_samples(int rate, int channels) =>
        AssertChannelsAreMonoFiles(rate, [.. Enumerable.Range(0, channels).Select(seed => Bytes(WavFile.Pcm, 16, seed))], WavFile.Pcm, 16);

    [Fact]
    public void Extensible_format_has_channels_too()
    {
        var data = Interleave([Bytes(WavFile.Pcm, 24, 1), Bytes(WavFile.Pcm, 24, 2)], 3);
        var file = WavFile.Riff(WavFile.FmtExtensible(WavFile.Pcm, 2, 16_000, 24), WavFile.Chunk("data", data));

        Assert.Equal(Decode(WavFile.Make(16_000, 2, 24, data)), Decode(file));
    }

    [Fact]
    public void Silent_channel_stays_a_channel()
    {
        var channels = Decode(WavFile.Make16(16_000, 2, [.. Enumerable.Range(0, Frames).SelectMany(i => new short[] { (short)(i * 7), 0 })]));

        Assert.Equal(2, channels.Length);
        Assert.All(channels[1], sample => Assert.Equal(0f, sample));
    }

    [Theory]
    [InlineData(2, 0)]
    [InlineData(2, 2)]
    [InlineData(4, 1)]
    public void One_sound_on_all_channels_is_one_channel(int channels, int rounding)
    {
        var random = new Random(1);
        var values = Tone.Sine(300, 16_000, 40_000, amplitude: 0.2)
            .SelectMany(value => Enumerable.Range(0, channels).Select(_ => (short)((value * 32_767) + random.Next(-rounding, rounding + 1)))).ToArray();

        var channel = Assert.Single(Decode(WavFile.Make16(16_000, channels, values)));

        Assert.Equal(Enumerable.Range(0, 40_000).Select(i => values[i * channels] / 32_768f), channel);
    }

    [Fact]
    public void Silence_on_all_channels_is_one_channel() => Assert.Single(Decode(WavFile.Make16(16_000, 3, new short[Frames * 3])));

    [Theory]
    [InlineData(39_000, 200)]
    [InlineData(0, 20)]
    public void Faint_voice_on_one_channel_makes_two_channels(int start, short amplitude)
    {
        // Loud on both channels for the first second and a half, then a pause.
        var tone = Tone.Sine(300, 16_000, 24_000).Select(value => (short)(value * 32_767)).Concat(new short[24_000]).ToArray();
        var voice = Tone.Sine(500, 16_000, 48_000, amplitude: 1).Select((value, i) => (short)(i < start ? 0 : value * amplitude)).ToArray();

        Assert.Equal(2, Decode(WavFile.Make16(16_000, 2, [.. tone.SelectMany((value, i) => new[] { value, (short)(value + voice[i]) })])).Length);
    }

    [Fact]
    public void Three_channels_of_which_two_are_alike_stay_three()
    {
        var values = Enumerable.Range(0, Frames).SelectMany(i => new[] { (short)(i * 5), (short)(i * 5), (short)(i * 3) }).ToArray();

        Assert.Equal(3, Decode(WavFile.Make16(16_000, 3, values)).Length);
    }

    [Fact]
    public void Limit_counts_all_channels_together()
    {
        var settings = NoFfmpeg with { MaxDuration = TimeSpan.FromSeconds(2) };
        short[] Sweep(int frames) => [.. Enumerable.Range(0, frames * 4).Select(i => (short)(i * 31))];

        Assert.Equal(8_000, Decode(WavFile.Make16(16_000, 4, Sweep(8_000)), settings)[3].Length);
        var error = Assert.Throws<InvalidAudioException>(() => Decode(WavFile.Make16(16_000, 4, Sweep(8_001)), settings));
        Assert.Equal(AudioFault.TooLong, error.Fault);
        Assert.Equal("Audio file is too long. Maximum audio length is 0.5 seconds for a file whose 4 channels are transcribed one by one.", error.Message);
    }

    [Fact]
    public void Too_long_is_known_before_any_sample_is_read()
    {
        var path = _folder.WriteHugeWav();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<InvalidAudioException>(() => new AudioDecoder(NoFfmpeg).DecodeChannels(path, CancellationToken.None));

        Assert.Equal(AudioFault.TooLong, error.Fault);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Managed_memory_does_not_grow_with_the_length()
    {
        var path = _folder.Write("minutes", WavFile.Make16(44_100, 2, [.. Enumerable.Range(0, 60 * 2 * 44_100).Select(i => (short)(i * 31))]));
        var before = GC.GetAllocatedBytesForCurrentThread();
        using var audio = new AudioDecoder(NoFfmpeg).DecodeChannels(path, CancellationToken.None);

        Assert.Equal(60 * 16_000, audio.Channels[1].SampleCount);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2 << 20);
    }

    [Theory]
    [InlineData(0, AudioFault.Empty)]
    [InlineData(1_599, AudioFault.TooShort)]
    public void Too_little_is_refused(int frames, AudioFault fault) =>
        Assert.Equal(fault, Assert.Throws<InvalidAudioException>(() => Decode(WavFile.Riff(WavFile.Fmt(WavFile.Pcm, 2, 16_000, 16), WavFile.Chunk("data", new byte[frames * 4])))).Fault);

    [Theory]
    [InlineData("")]
    [InlineData("This is no audio.")]
    public void What_is_no_audio_is_refused(string content) => Assert.Throws<InvalidAudioException>(() => Decode(System.Text.Encoding.ASCII.GetBytes(content)));

    [Fact]
    public void Cancelled_decoding_stops()
    {
        var path = _folder.Write("audio", WavFile.Make16(16_000, 2, new short[32_000]));
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();

        Assert.Throws<OperationCanceledException>(() => new AudioDecoder(NoFfmpeg).DecodeChannels(path, cancelled.Token));
    }

    [Fact]
    public void Channels_of_different_lengths_are_no_recording()
    {
        Assert.Throws<ArgumentException>(() => new MultichannelAudio([]));
        Assert.Throws<ArgumentException>(() => new MultichannelAudio([new PcmAudio(3), new PcmAudio(4)]));
    }

    void AssertChannelsAreMonoFiles(int rate, byte[][] channels, int tag, int bits)
    {
        var apart = Decode(WavFile.Make(rate, channels.Length, bits, Interleave(channels, bits / 8), tag));

        Assert.Equal(channels.Length, apart.Length);
        for (var channel = 0; channel < channels.Length; channel++)
        {
            using var mono = new AudioDecoder(NoFfmpeg).Decode(_folder.Write("mono", WavFile.Make(rate, 1, bits, channels[channel], tag)), CancellationToken.None);
            Assert.True(mono.Samples.SequenceEqual(apart[channel]), $"channel {channel} of {channels.Length}");
        }
    }

    float[][] Decode(byte[] file) => Decode(file, NoFfmpeg);

    float[][] Decode(byte[] file, AudioDecoderSettings settings)
    {
        using var audio = new AudioDecoder(settings).DecodeChannels(_folder.Write("audio", file), CancellationToken.None);
        return [.. audio.Channels.Select(channel => channel.Samples.ToArray())];
    }

    static byte[] Bytes(int tag, int bits, int seed)
    {
        var random = new Random(seed);
        if (tag == WavFile.Float)
        {
            return [.. Enumerable.Range(0, Frames).SelectMany(_ => bits == 32 ? BitConverter.GetBytes(random.NextSingle() - 0.5f) : BitConverter.GetBytes(random.NextDouble() - 0.5))];
        }

        var bytes = new byte[Frames * bits / 8];
        random.NextBytes(bytes);
        return bytes;
    }

    static byte[] Interleave(byte[][] channels, int sampleBytes) =>
        [.. Enumerable.Range(0, channels[0].Length / sampleBytes).SelectMany(i => channels.SelectMany(channel => channel[(i * sampleBytes)..((i + 1) * sampleBytes)]))];
}
