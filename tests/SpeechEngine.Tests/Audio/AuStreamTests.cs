using System.Buffers.Binary;
using SpeechEngine.Audio;

namespace SpeechEngine.Tests.Audio;

/// <summary>What ffmpeg writes is trusted no further than its header was checked.</summary>
public sealed class AuStreamTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 7)]
    [InlineData(5, 24)]
    [InlineData(64, 65_536)]
    public void Channels_come_apart_however_the_pipe_cuts_them(int channels, int pieceBytes)
    {
        var frames = Enumerable.Range(0, 20_000 / channels).Select(i => Enumerable.Range(0, channels).Select(channel => i * 3f * (channel + 1)).ToArray()).ToArray();

        using var builder = Read(Au(channels, [.. frames.SelectMany(frame => frame)], text: 8), pieceBytes);

        Assert.Equal(frames.Length, builder.SampleCount);
        using var audio = builder.ToAudio();
        for (var channel = 0; channel < channels; channel++)
        {
            Assert.Equal(frames.Select(frame => frame[channel]), audio.Channels[channel].Samples.ToArray());
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(65_512)]
    public void Text_before_the_samples_is_skipped(int text)
    {
        using var builder = Read(Au(2, [1, 2, 3, 4], text), 1_000);

        Assert.Equal(2, builder.SampleCount);
    }

    [Fact]
    public void Frame_that_breaks_off_is_left_out_and_numbers_are_kept_finite()
    {
        using var builder = Read([.. Au(2, [0.5f, float.NaN, float.PositiveInfinity, 1e38f]), 0, 0, 0, 0, 0], 1_000);
        using var audio = builder.ToAudio();

        Assert.Equal([0.5f, 0], audio.Channels[0].Samples.ToArray());
        Assert.Equal([0, 65_536f], audio.Channels[1].Samples.ToArray());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(23)]
    [InlineData(30)]
    public void Stream_that_ends_before_the_first_sample_has_none(int bytes)
    {
        using var builder = Read(Au(2, [1, 2], text: 8)[..bytes], 1_000);

        Assert.Equal(0, builder.SampleCount);
    }

    [Theory]
    [InlineData(0, 0x2E73_6E65u, AudioFault.Damaged)]
    [InlineData(1, 23u, AudioFault.Damaged)]
    [InlineData(1, 65_537u, AudioFault.Damaged)]
    [InlineData(1, 0xFFFF_FFFFu, AudioFault.Damaged)]
    [InlineData(3, 3u, AudioFault.Damaged)]
    [InlineData(4, 44_100u, AudioFault.Damaged)]
    [InlineData(5, 0u, AudioFault.Damaged)]
    [InlineData(5, 65u, AudioFault.Unsupported)]
    [InlineData(5, 0xFFFF_FFFFu, AudioFault.Unsupported)]
    public void Header_that_was_not_asked_for_is_refused(int word, uint value, AudioFault fault)
    {
        var stream = Au(2, new float[10_000]);
        BinaryPrimitives.WriteUInt32BigEndian(stream.AsSpan(word * 4), value);

        Assert.Equal(fault, Assert.Throws<InvalidAudioException>(() => Read(stream, 1_000)).Fault);
    }

    [Fact]
    public void Samples_of_all_channels_together_are_limited()
    {
        using var just = Read(Au(4, new float[4_000]), 1_000, maxSamples: 4_000);

        Assert.Equal(1_000, just.SampleCount);
        Assert.Equal(AudioFault.TooLong, Assert.Throws<InvalidAudioException>(() => Read(Au(4, new float[4_004]), 1_000, maxSamples: 4_000)).Fault);
    }

    static byte[] Au(int channels, float[] samples, int text = 0)
    {
        var stream = new byte[24 + text + (samples.Length * 4)];
        uint[] header = [0x2E73_6E64, (uint)(24 + text), 0xFFFF_FFFF, 6, 16_000, (uint)channels];
        for (var i = 0; i < header.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(stream.AsSpan(i * 4), header[i]);
        }

        for (var i = 0; i < samples.Length; i++)
        {
            BinaryPrimitives.WriteSingleBigEndian(stream.AsSpan(24 + text + (i * 4)), samples[i]);
        }

        return stream;
    }

    static ChannelBuilder Read(byte[] stream, int pieceBytes, int maxSamples = 1_000_000)
    {
        var builder = new ChannelBuilder(maxSamples);
        var position = 0;
        AuStream.Read(
            buffer =>
            {
                var count = Math.Min(Math.Min(pieceBytes, buffer.Length), stream.Length - position);
                stream.AsSpan(position, count).CopyTo(buffer.Span);
                position += count;
                return count;
            },
            builder);
        return builder;
    }
}
