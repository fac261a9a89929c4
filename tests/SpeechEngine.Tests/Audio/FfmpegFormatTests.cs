using System.Text;
using SpeechEngine.Audio;

namespace SpeechEngine.Tests.Audio;

[Collection(nameof(ChildProcesses))]
public sealed class FfmpegFormatTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("flac", "")]
    [InlineData("mp3", "-c:a libmp3lame")]
    [InlineData("mp3", "-c:a libmp3lame -id3v2_version 0 -write_xing 0")]
    [InlineData("mp3", "-c:a libmp3lame -ar 16000 -b:a 32k")]
    [InlineData("mp3", "-c:a libmp3lame -ar 8000 -b:a 16k -id3v2_version 0")]
    [InlineData("mp2", "-c:a mp2")]
    [InlineData("mpg", "-c:a mp2")]
    [InlineData("m4a", "-c:a aac")]
    [InlineData("m4a", "-c:a alac")]
    [InlineData("mp4", "-c:a aac -movflags +faststart")]
    [InlineData("mp4", "-c:a aac -movflags +frag_keyframe+empty_moov")]
    [InlineData("mp4", "-c:a libmp3lame")]
    [InlineData("mov", "-c:a pcm_s16be")]
    [InlineData("3gp", "-c:a aac")]
    [InlineData("ogg", "-c:a libvorbis")]
    [InlineData("ogg", "-c:a libopus")]
    [InlineData("ogg", "-c:a flac")]
    [InlineData("webm", "-c:a libopus")]
    [InlineData("webm", "-c:a libvorbis")]
    [InlineData("mka", "-c:a aac")]
    [InlineData("aac", "-c:a aac")]
    [InlineData("aiff", "")]
    [InlineData("caf", "-c:a alac")]
    [InlineData("wav", "-c:a adpcm_ms")]
    [InlineData("wav", "-c:a adpcm_ima_wav")]
    [InlineData("wav", "-c:a libmp3lame")]
    public void Tone_comes_back_as_loud_and_as_long_as_it_was(string extension, string encoder)
    {
        var path = Encode(extension, encoder);

        var samples = Decode(path);

        AssertIsTone(samples);
    }

    [Theory]
    [InlineData("mp4", "-c:a aac -c:v mpeg4")]
    [InlineData("webm", "-c:a libopus -c:v libvpx")]
    [InlineData("mpg", "-c:a mp2 -c:v mpeg1video")]
    [InlineData("mkv", "-c:a libvorbis -c:v mjpeg")]
    public void Sound_of_a_film_is_decoded(string extension, string encoders)
    {
        var path = Anonymous(Ffmpeg.Make(
            _folder.PathOf("film." + extension),
            ["-f", "lavfi", "-i", "testsrc=s=64x64:r=25:d=1.5", .. Ffmpeg.StereoTone, .. encoders.Split(' ')]));

        AssertIsTone(Decode(path));
    }

    [Fact]
    public void Film_without_sound_is_refused()
    {
        var path = Anonymous(Ffmpeg.Make(_folder.PathOf("film.mp4"), "-f", "lavfi", "-i", "testsrc=s=64x64:r=25:d=1", "-c:v", "mpeg4"));

        var error = Assert.Throws<InvalidAudioException>(() => Decode(path));

        Assert.Equal(AudioFault.Damaged, error.Fault);
        Assert.Equal("Audio file might be corrupted or unsupported", error.Message);
    }

    [Fact]
    public void Cover_picture_is_ignored()
    {
        var path = Anonymous(Ffmpeg.Make(
            _folder.PathOf("cover.flac"),
            [.. Ffmpeg.StereoTone, "-f", "lavfi", "-i", "testsrc=s=64x64:d=0.04", "-map", "0:a", "-map", "1:v", "-c:v", "png", "-disposition:v", "attached_pic"]));

        AssertIsTone(Decode(path));
    }

    [Theory]
    [InlineData("flac", "", 0)]
    [InlineData("aac", "-c:a aac", 300)]
    [InlineData("mp3", "-c:a libmp3lame -id3v2_version 0", 50_000)]
    public void Tag_before_the_audio_is_skipped(string extension, string encoder, int tagBytes)
    {
        var path = Encode(extension, encoder);
        byte[] tag = [.. "ID3\x4\0\0"u8, 0, (byte)(tagBytes >> 14), (byte)((tagBytes >> 7) & 0x7F), (byte)(tagBytes & 0x7F), .. new byte[tagBytes]];

        AssertIsTone(Decode(_folder.Write("tagged", [.. tag, .. File.ReadAllBytes(path)])));
    }

    [Fact]
    public void MP3_cut_out_of_a_broadcast_is_decoded()
    {
        var whole = File.ReadAllBytes(Encode("mp3", "-c:a libmp3lame -id3v2_version 0 -write_xing 0"));

        AssertIsTone(Decode(_folder.Write("cut", whole[100..])));
    }

    [Fact]
    public void Adaptive_multi_rate_speech_is_decoded()
    {
        Ffmpeg.SkipUnlessInstalled();
        // A frame of mode 7 (12.2 kbit/s): one byte that says so, then 244 bits; 20 ms.
        byte[] frame = [0x3C, .. new byte[31]];
        var path = _folder.Write("speech", [.. "#!AMR\n"u8, .. Enumerable.Repeat(frame, 50).SelectMany(bytes => bytes)]);

        Assert.Equal(16_000, Decode(path).Length, 200.0);
    }

    [Theory]
    [InlineData("flac", "")]
    [InlineData("mp3", "-c:a libmp3lame -b:a 128k")]
    [InlineData("ogg", "-c:a libvorbis")]
    public void File_that_breaks_off_gives_what_is_there(string extension, string encoder)
    {
        string[] tenSeconds = ["-f", "lavfi", "-i", "sine=f=440:r=44100:d=10"];
        var whole = File.ReadAllBytes(Ffmpeg.Make(_folder.PathOf("tone." + extension), [.. tenSeconds, .. encoder.Split(' ', StringSplitOptions.RemoveEmptyEntries)]));

        var samples = Decode(_folder.Write("cut", whole[..(whole.Length * 2 / 3)]));

        Assert.InRange(samples.Length, 80_000, 130_000);
    }

    [Fact]
    public void M4A_that_breaks_off_before_its_index_is_refused()
    {
        var whole = File.ReadAllBytes(Encode("m4a", "-c:a aac"));

        var error = Assert.Throws<InvalidAudioException>(() => Decode(_folder.Write("cut", whole[..(whole.Length / 2)])));

        Assert.Equal(AudioFault.Damaged, error.Fault);
    }

    [Fact]
    public void Garbage_behind_a_good_beginning_is_refused()
    {
        Ffmpeg.SkipUnlessInstalled();
        var garbage = new byte[20_000];
        new Random(3).NextBytes(garbage);
        foreach (var beginning in new byte[][] { [.. "fLaC"u8], [.. "OggS\0"u8], [0x1A, 0x45, 0xDF, 0xA3], [0, 0, 0, 24, .. "ftypM4A "u8], [.. "ID3\x4\0\0\0\0\0\0"u8] })
        {
            var path = _folder.Write("garbage", [.. beginning, .. garbage]);

            var error = Assert.Throws<InvalidAudioException>(() => Decode(path));

            Assert.True(error.Fault is AudioFault.Damaged or AudioFault.Empty or AudioFault.TooShort, $"{error.Fault}");
        }
    }

    [Theory]
    [InlineData("ffconcat version 1.0\nfile tone.flac\n")]
    [InlineData("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\ntone.flac\n#EXT-X-ENDLIST\n")]
    public void Playlist_behind_a_tag_does_not_open_its_neighbour(string playlist)
    {
        Ffmpeg.Make(_folder.PathOf("tone.flac"), Ffmpeg.StereoTone);
        var path = _folder.Write("upload", [.. "ID3\x4\0\0\0\0\0\0"u8, .. Encoding.ASCII.GetBytes(playlist)]);

        Assert.Equal(AudioFault.Damaged, Assert.Throws<InvalidAudioException>(() => Decode(path)).Fault);
    }

    [Theory]
    [InlineData("flac", "")]
    [InlineData("mp3", "-c:a libmp3lame")]
    [InlineData("m4a", "-c:a aac -movflags +faststart")]
    [InlineData("ogg", "-c:a libvorbis")]
    [InlineData("webm", "-c:a libopus")]
    public void Mutated_files_are_decoded_or_refused_and_nothing_else(string extension, string encoder)
    {
        var whole = File.ReadAllBytes(Encode(extension, encoder));
        var random = new Random(11);
        for (var round = 0; round < 8; round++)
        {
            var mutated = whole.ToArray();
            for (var changes = 0; changes < 20; changes++)
            {
                var place = changes < 5 ? random.Next(16, 200) : random.Next(mutated.Length);
                mutated[place] = (byte)random.Next(256);
            }

            var error = Record.Exception(() => Decode(_folder.Write("mutated", mutated), new AudioDecoderSettings { MaxDuration = TimeSpan.FromSeconds(30) }));

            Assert.True(error is null or InvalidAudioException, error?.ToString());
            Assert.Empty(ChildProcesses.Running());
        }
    }

    [Fact]
    public void Hours_of_silence_in_a_small_file_are_stopped_early()
    {
        var path = Anonymous(Ffmpeg.Make(_folder.PathOf("bomb.flac"), "-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "7200"));

        var error = Assert.Throws<InvalidAudioException>(() => Decode(path, new AudioDecoderSettings { MaxDuration = TimeSpan.FromSeconds(5) }));

        Assert.Equal(AudioFault.TooLong, error.Fault);
        Assert.Empty(ChildProcesses.Running());
    }

    [Theory]
    [InlineData("-i")]
    [InlineData("a;$(id) '\"`.wav")]
    [InlineData("%d*?[0].m3u8")]
    [InlineData("http:x|y,z.txt")]
    [InlineData("ünïcödé \n.flac")]
    public void Name_of_the_file_means_nothing(string name)
    {
        var path = Encode("flac", "");
        var odd = _folder.PathOf(name);
        File.Move(path, odd);

        AssertIsTone(Decode(odd));
    }

    string Encode(string extension, string encoder) =>
        Anonymous(Ffmpeg.Make(_folder.PathOf("tone." + extension), [.. Ffmpeg.StereoTone, .. encoder.Split(' ', StringSplitOptions.RemoveEmptyEntries)]));

    // The decoder must not look at the name, so files have none to look at.
    string Anonymous(string path)
    {
        File.Move(path, _folder.PathOf("upload"), overwrite: true);
        return _folder.PathOf("upload");
    }

    static float[] Decode(string path, AudioDecoderSettings? settings = null)
    {
        using var audio = new AudioDecoder(settings ?? new AudioDecoderSettings()).Decode(path, CancellationToken.None);
        return audio.Samples.ToArray();
    }

    static void AssertIsTone(float[] samples)
    {
        Assert.InRange(samples.Length, 23_000, 26_500); // 24,000 and the silence that encoders put around
        var (amplitude, share) = Tone.Find(440, samples.AsSpan(4_000, 14_545)); // 400 whole waves
        Assert.InRange(amplitude, 0.45, 0.55);
        Assert.True(share > 0.97, $"{share}");
    }
}
