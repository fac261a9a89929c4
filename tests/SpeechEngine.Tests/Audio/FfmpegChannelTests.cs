using SpeechEngine.Audio;

namespace SpeechEngine.Tests.Audio;

/// <summary>Channels of files that ffmpeg reads.</summary>
[Collection(nameof(ChildProcesses))]
public sealed class FfmpegChannelTests : IDisposable
{
    // 440 Hz on the left, 660 Hz on the right.
    const string Stereo = "0.5*sin(2*PI*440*t)|0.25*sin(2*PI*660*t)";

    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("flac", "")]
    [InlineData("mp3", "-c:a libmp3lame")]
    [InlineData("m4a", "-c:a aac")]
    [InlineData("ogg", "-c:a libvorbis")]
    [InlineData("webm", "-c:a libopus")]
    [InlineData("aiff", "")]
    [InlineData("wav", "-c:a adpcm_ms")]
    public void Left_and_right_come_apart(string extension, string encoder)
    {
        var channels = Decode(Make(extension, Stereo, encoder));

        Assert.Equal(2, channels.Length);
        AssertIsTone(440, 0.5, channels[0]);
        AssertIsTone(660, 0.25, channels[1]);
    }

    [Fact]
    public void Four_channels_come_apart_in_their_order()
    {
        var channels = Decode(Make("flac", string.Join('|', Enumerable.Range(1, 4).Select(i => $"0.2*sin(2*PI*{i * 200}*t)"))));

        Assert.Equal(4, channels.Length);
        for (var i = 0; i < channels.Length; i++)
        {
            AssertIsTone((i + 1) * 200, 0.2, channels[i]);
        }
    }

    [Theory]
    [InlineData("flac", "")]
    [InlineData("mp3", "-c:a libmp3lame")]
    [InlineData("ogg", "-c:a libvorbis")]
    public void Channel_of_a_mono_file_is_what_mixing_gives_to_the_bit(string extension, string encoder)
    {
        var path = Make(extension, "0.5*sin(2*PI*440*t)", encoder);
        using var mixed = new AudioDecoder(new AudioDecoderSettings()).Decode(path, CancellationToken.None);

        Assert.Equal(mixed.Samples.ToArray(), Assert.Single(Decode(path)));
    }

    [Theory]
    [InlineData("flac", "")]
    [InlineData("mp3", "-c:a libmp3lame")]
    [InlineData("mp3", "-c:a libmp3lame -joint_stereo 0")]
    [InlineData("m4a", "-c:a aac")]
    [InlineData("ogg", "-c:a libopus")]
    public void One_sound_on_both_channels_is_one_channel(string extension, string encoder) =>
        Assert.Single(Decode(Make(extension, "0.5*sin(2*PI*440*t)|0.5*sin(2*PI*440*t)", encoder)));

    [Fact]
    public void Limit_counts_both_channels()
    {
        var path = Make("flac", Stereo);

        Assert.Equal(24_000, Decode(path, TimeSpan.FromSeconds(3))[1].Length, 20.0);
        Assert.Equal(AudioFault.TooLong, Assert.Throws<InvalidAudioException>(() => Decode(path, TimeSpan.FromSeconds(2.9))).Fault);
        Assert.Empty(ChildProcesses.Running());
    }

    [Fact]
    public void Damaged_file_is_refused()
    {
        Ffmpeg.SkipUnlessInstalled();
        var path = _folder.Write("damaged", [.. "fLaC"u8, .. new byte[10_000]]);

        Assert.Equal(AudioFault.Damaged, Assert.Throws<InvalidAudioException>(() => Decode(path)).Fault);
    }

    string Make(string extension, string expressions, string encoder = "")
    {
        var made = Ffmpeg.Make(
            _folder.PathOf("made." + extension),
            ["-f", "lavfi", "-i", $"aevalsrc={expressions}:s=44100:d=1.5", .. encoder.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        var path = _folder.PathOf("upload");
        File.Move(made, path, overwrite: true);
        return path;
    }

    static void AssertIsTone(double frequency, double amplitude, float[] samples)
    {
        Assert.InRange(samples.Length, 23_000, 27_000);
        var (found, share) = Tone.Find(frequency, samples.AsSpan(4_000, 16_000));
        Assert.Equal(amplitude, found, amplitude * 0.05);
        Assert.True(share > 0.98, $"{share}");
    }

    static float[][] Decode(string path) => Decode(path, TimeSpan.FromHours(1));

    static float[][] Decode(string path, TimeSpan longest)
    {
        using var audio = new AudioDecoder(new AudioDecoderSettings { MaxDuration = longest }).DecodeChannels(path, CancellationToken.None);
        return [.. audio.Channels.Select(channel => channel.Samples.ToArray())];
    }
}
