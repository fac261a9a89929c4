using System.Buffers.Binary;
using SpeechEngine.Audio;

namespace SpeechEngine.Tests.Audio;

public sealed class WavDecoderTests : IDisposable
{
    const int Frames = 2_000;

    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_16_bit_value_at_16_kHz_comes_out_exactly()
    {
        var values = Enumerable.Range(short.MinValue, 65_536).Select(value => (short)value).ToArray();

        var samples = Decode(WavFile.Make16(16_000, 1, values));

        Assert.Equal(values.Select(value => value / 32_768f), samples);
    }

    [Fact]
    public void Every_8_bit_value_comes_out_exactly()
    {
        var values = Bytes(Frames);

        var samples = Decode(WavFile.Make(16_000, 1, 8, values));

        Assert.Equal(values.Select(value => (value - 128) / 128f), samples);
    }

    [Fact]
    public void Values_of_24_bits_come_out_exactly()
    {
        var data = Bytes(Frames * 3);

        var samples = Decode(WavFile.Make(16_000, 1, 24, data));

        var expected = data.Chunk(3).Select(b => (b[0] | (b[1] << 8) | ((sbyte)b[2] << 16)) / 8_388_608f);
        Assert.Equal(expected, samples);
    }

    [Fact]
    public void Values_of_32_bits_come_out_to_float_precision()
    {
        var data = Bytes(Frames * 4);

        var samples = Decode(WavFile.Make(16_000, 1, 32, data));

        var expected = data.Chunk(4).Select(b => (float)(BinaryPrimitives.ReadInt32LittleEndian(b) / 2_147_483_648.0));
        Assert.Equal(expected, samples);
    }

    [Theory]
    [InlineData(32)]
    [InlineData(64)]
    public void Float_values_come_out_exactly(int bits)
    {
        var values = Tone.Sine(440, 16_000, Frames, amplitude: 1.5);

        Assert.Equal(values, Decode(WavFile.Make(16_000, 1, bits, FloatBytes(values, bits), WavFile.Float)));
    }

    [Theory]
    [InlineData(32)]
    [InlineData(64)]
    public void Float_values_that_are_no_numbers_become_silence(int bits)
    {
        var values = new float[Frames];
        Array.Fill(values, 0.25f);
        (values[7], values[8], values[9], values[10]) = (float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1e38f);

        var samples = Decode(WavFile.Make(16_000, 1, bits, FloatBytes(values, bits), WavFile.Float));

        Assert.Equal([0.25f, 0, 0, 0, 65_536, 0.25f], samples[6..12]);
    }

    [Theory]
    [InlineData(WavFile.MuLaw, 0xFF, 0)]
    [InlineData(WavFile.MuLaw, 0x7F, 0)]
    [InlineData(WavFile.MuLaw, 0x80, 32_124)]
    [InlineData(WavFile.MuLaw, 0x00, -32_124)]
    [InlineData(WavFile.MuLaw, 0xEF, 132)]
    [InlineData(WavFile.ALaw, 0xD5, 8)]
    [InlineData(WavFile.ALaw, 0x55, -8)]
    [InlineData(WavFile.ALaw, 0xAA, 32_256)]
    [InlineData(WavFile.ALaw, 0x2A, -32_256)]
    [InlineData(WavFile.ALaw, 0xC5, 264)]
    public void Telephone_codes_follow_the_standard(int tag, byte code, int value)
    {
        var data = new byte[Frames];
        Array.Fill(data, code);

        var samples = Decode(WavFile.Make(16_000, 1, 8, data, tag));

        Assert.Equal(value / 32_768f, samples[100]);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(64)]
    public void Channels_are_averaged(int channels)
    {
        var frame = Enumerable.Range(0, channels).Select(channel => (short)(channel * 100)).ToArray();
        var values = Enumerable.Repeat(frame, Frames).SelectMany(f => f).ToArray();

        var samples = Decode(WavFile.Make16(16_000, channels, values));

        Assert.Equal(Frames, samples.Length);
        Assert.All(samples, sample => Assert.Equal(frame.Average(value => value) / 32_768, sample, 1e-6));
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(8_000)]
    [InlineData(12_345)]
    [InlineData(44_100)]
    [InlineData(768_000)]
    public void Any_rate_becomes_16_kHz_with_the_same_tone(int rate)
    {
        var tone = Tone.Sine(300, rate, rate, amplitude: 0.5).Select(v => (short)(v * 32_767)).ToArray();

        var samples = Decode(WavFile.Make16(rate, 1, tone));

        Assert.Equal(16_000, samples.Length);
        var (amplitude, share) = Tone.Find(300, samples.AsSpan(1_600..^1_600));
        Assert.Equal(0.5, amplitude, 0.001);
        Assert.True(share > 0.9999, $"{share}");
    }

    [Fact]
    public void Extensible_format_is_read()
    {
        var data = Bytes(Frames * 3);

        var samples = Decode(WavFile.Riff(WavFile.FmtExtensible(WavFile.Pcm, 1, 16_000, 24), WavFile.Chunk("data", data)));

        Assert.Equal(Decode(WavFile.Make(16_000, 1, 24, data)), samples);
    }

    [Fact]
    public void Other_chunks_may_stand_before_between_and_after()
    {
        var data = Bytes(Frames * 2);
        var odd = WavFile.Chunk("junk", new byte[33]);

        var samples = Decode(WavFile.Riff(odd, WavFile.Fmt(WavFile.Pcm, 1, 16_000, 16), odd, WavFile.Chunk("data", data), odd));

        Assert.Equal(Decode(WavFile.Make(16_000, 1, 16, data)), samples);
    }

    [Fact]
    public void Ten_thousand_chunks_are_no_obstacle()
    {
        byte[][] chunks = [.. Enumerable.Repeat(WavFile.Chunk("LIST", []), 10_000), WavFile.Fmt(WavFile.Pcm, 1, 16_000, 16), WavFile.Chunk("data", Bytes(Frames * 2))];

        Assert.Equal(Frames, Decode(WavFile.Riff(chunks)).Length);
    }

    [Fact]
    public void Data_may_stand_before_the_format()
    {
        var samples = Decode(WavFile.Riff(WavFile.Chunk("data", Bytes(Frames * 2)), WavFile.Fmt(WavFile.Pcm, 1, 16_000, 16)));

        Assert.Equal(Frames, samples.Length);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(0xFFFF_FFFFu)]
    [InlineData(0x7FFF_FFF0u)]
    public void Unknown_or_lying_data_size_means_to_the_end(uint size)
    {
        var data = Bytes((Frames * 2) + 1);

        var samples = Decode(WavFile.Riff(WavFile.Fmt(WavFile.Pcm, 1, 16_000, 16), WavFile.Chunk("data", data, size)));

        Assert.Equal(Frames + 1, samples.Length); // the padding completes the last sample
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Truncated_file_gives_its_whole_frames(int missingBytes)
    {
        var file = WavFile.Make(16_000, 2, 16, Bytes(Frames * 4));

        Assert.Equal(Frames - 1, Decode(file[..^missingBytes]).Length);
    }

    [Theory]
    [InlineData("RF64")]
    [InlineData("BW64")]
    public void Long_data_size_of_RF64_is_obeyed(string id)
    {
        byte[] ds64 = [.. new byte[8], .. WavFile.UInt32(Frames * 2), .. new byte[16]];
        byte[][] chunks =
        [
            WavFile.Chunk("ds64", ds64),
            WavFile.Fmt(WavFile.Pcm, 1, 16_000, 16),
            WavFile.Chunk("data", Bytes(Frames * 2), 0xFFFF_FFFF),
            WavFile.Chunk("LIST", new byte[500]),
        ];

        Assert.Equal(Frames, Decode(WavFile.Riff(id, chunks)).Length);
    }

    [Fact]
    public void Too_long_is_known_before_any_sample_is_read()
    {
        var path = _folder.WriteHugeWav();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<InvalidAudioException>(() => Decode(path, new AudioDecoderSettings { MaxDuration = TimeSpan.FromSeconds(60) }));

        Assert.Equal(AudioFault.TooLong, error.Fault);
        Assert.Equal("Audio file is too long. Maximum audio length is 60 seconds.", error.Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Audio_of_exactly_the_limit_is_accepted_and_one_sample_more_is_not()
    {
        var settings = new AudioDecoderSettings { MaxDuration = TimeSpan.FromSeconds(1) };

        Assert.Equal(16_000, Decode(_folder.Write("just", WavFile.Make16(16_000, 1, new short[16_000])), settings).Length);
        var error = Assert.Throws<InvalidAudioException>(() => Decode(_folder.Write("over", WavFile.Make16(16_000, 1, new short[16_001])), settings));
        Assert.Equal(AudioFault.TooLong, error.Fault);
    }

    [Fact]
    public void Tenth_of_a_second_is_accepted_and_one_sample_less_is_not()
    {
        Assert.Equal(1_600, Decode(WavFile.Make16(16_000, 1, new short[1_600])).Length);
        var error = Assert.Throws<InvalidAudioException>(() => Decode(WavFile.Make16(16_000, 1, new short[1_599])));
        Assert.Equal(AudioFault.TooShort, error.Fault);
        Assert.Equal("Audio file is too short. Minimum audio length is 0.1 seconds.", error.Message);
    }

    [Fact]
    public void Cancelled_decoding_stops()
    {
        var path = _folder.Write("audio", WavFile.Make16(16_000, 1, new short[16_000]));
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();

        Assert.Throws<OperationCanceledException>(() => new AudioDecoder(new AudioDecoderSettings()).Decode(path, cancelled.Token));
    }

    [Fact]
    public void Limits_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new AudioDecoder(new AudioDecoderSettings { MaxDuration = TimeSpan.Zero }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AudioDecoder(new AudioDecoderSettings { FfmpegTimeLimit = TimeSpan.FromMilliseconds(1) }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AudioDecoder(new AudioDecoderSettings { FfmpegTimeLimit = TimeSpan.MaxValue }));
    }

    float[] Decode(byte[] file) => Decode(_folder.Write("audio", file), new AudioDecoderSettings { Ffmpeg = "no-such-program" });

    static float[] Decode(string path, AudioDecoderSettings settings)
    {
        using var audio = new AudioDecoder(settings).Decode(path, CancellationToken.None);
        return audio.Samples.ToArray();
    }

    static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    static byte[] FloatBytes(float[] values, int bits) =>
        [.. values.SelectMany(value => bits == 32 ? BitConverter.GetBytes(value) : BitConverter.GetBytes((double)value))];
}
