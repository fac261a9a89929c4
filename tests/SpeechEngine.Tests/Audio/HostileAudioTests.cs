using System.Text;
using SpeechEngine.Audio;

namespace SpeechEngine.Tests.Audio;

public sealed class HostileAudioTests : IDisposable
{
    static readonly byte[] Format = WavFile.Fmt(WavFile.Pcm, 1, 16_000, 16);
    static readonly byte[] Data = WavFile.Chunk("data", new byte[6_400]);

    // Nothing in this table may reach ffmpeg: it does not exist here, and asking for it would be DecoderMissing.
    static readonly Dictionary<string, (AudioFault Fault, byte[] File)> Files = new()
    {
        ["nothing"] = (AudioFault.Empty, []),
        ["one byte"] = (AudioFault.Unrecognised, [0x52]),
        ["random bytes"] = (AudioFault.Unrecognised, RandomBytes(100_000)),
        ["zeros"] = (AudioFault.Unrecognised, new byte[100_000]),
        ["all ones"] = (AudioFault.Unrecognised, [.. Enumerable.Repeat((byte)0xFF, 100_000)]),
        ["text"] = (AudioFault.Unrecognised, Text("Just a few words.\n")),
        ["UTF-16 text"] = (AudioFault.Unrecognised, [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes(new string('a', 9_000))]),
        ["HTML"] = (AudioFault.Unrecognised, Text("<!DOCTYPE html><html></html>")),
        ["SVG"] = (AudioFault.Unrecognised, Text("<svg xmlns='http://www.w3.org/2000/svg'/>")),
        ["JSON"] = (AudioFault.Unrecognised, Text("{\"audio\": true}")),
        ["ZIP"] = (AudioFault.Unrecognised, [.. "PK\x3\x4"u8, .. RandomBytes(5_000)]),
        ["gzip"] = (AudioFault.Unrecognised, [0x1F, 0x8B, 8, 0, .. RandomBytes(5_000)]),
        ["PNG"] = (AudioFault.Unrecognised, [0x89, .. "PNG\r\n\x1A\n"u8, .. RandomBytes(5_000)]),
        ["PDF"] = (AudioFault.Unrecognised, Text("%PDF-1.7\n")),
        ["program"] = (AudioFault.Unrecognised, [0x7F, .. "ELF"u8, .. RandomBytes(5_000)]),
        ["MIDI"] = (AudioFault.Unrecognised, [.. "MThd\0\0\0\x6"u8, .. RandomBytes(100)]),
        ["photograph in an MP4 box"] = (AudioFault.Unrecognised, [0, 0, 0, 24, .. "ftypheic"u8, .. RandomBytes(5_000)]),
        ["Ogg of an unknown version"] = (AudioFault.Unrecognised, [.. "OggS\x1"u8, .. RandomBytes(5_000)]),
        ["one MP3 frame header in text"] = (AudioFault.Unrecognised, [0xFF, 0xFB, 0x90, 0x00, .. Text(new string('x', 5_000))]),
        ["one AAC frame header in text"] = (AudioFault.Unrecognised, [0xFF, 0xF1, 0x50, 0x80, 0x20, 0x1F, 0xFC, .. Text(new string('x', 5_000))]),
        ["HLS playlist"] = (AudioFault.Unrecognised, Text("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1/secret.wav\n#EXT-X-ENDLIST\n")),
        ["m3u playlist"] = (AudioFault.Unrecognised, Text("#EXTM3U\nfile:///etc/passwd\n")),
        ["concat script"] = (AudioFault.Unrecognised, Text("ffconcat version 1.0\nfile other.wav\n")),
        ["SDP"] = (AudioFault.Unrecognised, Text("v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n")),
        ["DASH manifest"] = (AudioFault.Unrecognised, Text("<?xml version='1.0'?><MPD><BaseURL>http://127.0.0.1/</BaseURL></MPD>")),

        ["empty data before a list"] = (AudioFault.Empty, WavFile.Riff(Format, WavFile.Chunk("data", []), WavFile.Chunk("LIST", RandomBytes(20_000)))),
        ["only RIFF"] = (AudioFault.Unrecognised, Text("RIFF")),
        ["RIFF of something else"] = (AudioFault.Unrecognised, [.. "RIFF\0\0\0\0AVI "u8, .. RandomBytes(5_000)]),
        ["WAV of 12 bytes"] = (AudioFault.Damaged, WavFile.Riff()),
        ["no fmt"] = (AudioFault.Damaged, WavFile.Riff(Data)),
        ["no data"] = (AudioFault.Damaged, WavFile.Riff(Format)),
        ["chunk header cut"] = (AudioFault.Damaged, [.. WavFile.Riff(Format), .. "dat"u8]),
        ["fmt of 4 bytes"] = (AudioFault.Damaged, WavFile.Riff(WavFile.Chunk("fmt ", [1, 0, 1, 0]), Data)),
        ["fmt at the end of the file"] = (AudioFault.Damaged, WavFile.Riff(WavFile.Chunk("fmt ", [1, 0, 1, 0], 16))),
        ["fmt that claims all the file"] = (AudioFault.Damaged, WavFile.Riff(WavFile.Chunk("fmt ", Format[8..], 0xFFFF_FFF0), Data)),
        ["chunk beyond the file"] = (AudioFault.Damaged, WavFile.Riff(WavFile.Chunk("LIST", [], 0xFFFF_FFFF), Format, Data)),
        ["hundred thousand chunks"] = (AudioFault.Damaged, WavFile.Riff([.. Enumerable.Repeat(WavFile.Chunk("LIST", []), 100_001), Format, Data])),
        ["ds64 cut"] = (AudioFault.Damaged, WavFile.Riff("RF64", [WavFile.Chunk("ds64", new byte[8]), Format, Data])),
        ["0 channels"] = (AudioFault.Damaged, Wav(WavFile.Fmt(WavFile.Pcm, 0, 16_000, 16))),
        ["65 channels"] = (AudioFault.Unsupported, Wav(WavFile.Fmt(WavFile.Pcm, 65, 16_000, 16))),
        ["65535 channels"] = (AudioFault.Unsupported, Wav(WavFile.Fmt(WavFile.Pcm, 65_535, 16_000, 16))),
        ["0 Hz"] = (AudioFault.Damaged, Wav(WavFile.Fmt(WavFile.Pcm, 1, 0, 16))),
        ["1 Hz"] = (AudioFault.Unsupported, Wav(WavFile.Fmt(WavFile.Pcm, 1, 1, 16))),
        ["768001 Hz"] = (AudioFault.Unsupported, Wav(WavFile.Fmt(WavFile.Pcm, 1, 768_001, 16))),
        ["4 GHz"] = (AudioFault.Unsupported, Wav(WavFile.Fmt(WavFile.Pcm, 1, 4_000_000_000, 16))),
        ["0 bits"] = (AudioFault.Damaged, Wav(WavFile.Fmt(WavFile.Pcm, 1, 16_000, 0))),
        ["7 bits"] = (AudioFault.Unsupported, Wav(WavFile.Fmt(WavFile.Pcm, 1, 16_000, 7, 1))),
        ["64-bit integers"] = (AudioFault.Unsupported, Wav(WavFile.Fmt(WavFile.Pcm, 1, 16_000, 64))),
        ["16-bit floats"] = (AudioFault.Unsupported, Wav(WavFile.Fmt(WavFile.Float, 1, 16_000, 16))),
        ["frames of 0 bytes"] = (AudioFault.Damaged, Wav(WavFile.Fmt(WavFile.Pcm, 1, 16_000, 16, 0))),
        ["frames too small"] = (AudioFault.Damaged, Wav(WavFile.Fmt(WavFile.Pcm, 2, 16_000, 16, 2))),
        ["frames too large"] = (AudioFault.Damaged, Wav(WavFile.Fmt(WavFile.Pcm, 2, 16_000, 16, 65_535))),
        ["unknown coding"] = (AudioFault.Unsupported, Wav(WavFile.Fmt(0x1234, 1, 16_000, 16))),
        ["extensible of an unknown family"] = (AudioFault.Unsupported, Wav(WavFile.FmtExtensible(WavFile.Pcm, 1, 16_000, 16, guidEnd: 0x72))),
        ["extensible cut"] = (AudioFault.Damaged, Wav(WavFile.Fmt(WavFile.Extensible, 1, 16_000, 16))),
        ["header only"] = (AudioFault.Empty, WavFile.Riff(Format, WavFile.Chunk("data", []))),
        ["half a frame"] = (AudioFault.Empty, WavFile.Riff(Format, "data"u8.ToArray(), [0xFF, 0xFF, 0xFF, 0xFF, 0x12])),
        ["one sample"] = (AudioFault.TooShort, WavFile.Make16(16_000, 1, 1)),
        ["0.05 s"] = (AudioFault.TooShort, WavFile.Make16(44_100, 1, new short[2_205])),
        ["over the limit"] = (AudioFault.TooLong, WavFile.Make16(1_000, 1, new short[10_001])),
    };

    readonly TempFolder _folder = new();

    public static TheoryData<string> Names => [.. Files.Keys];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void File_is_refused_for_the_right_reason(string name)
    {
        var (fault, content) = Files[name];
        var path = _folder.Write("upload.wav", content);

        var error = Assert.Throws<InvalidAudioException>(() => Decode(path));

        Assert.Equal(fault, error.Fault);
        Assert.NotEmpty(error.Message);
    }

    [Fact]
    public void Refusal_of_an_unknown_format_lists_the_accepted_ones()
    {
        var path = _folder.Write("upload.wav", Text("no audio"));

        var error = Assert.Throws<InvalidAudioException>(() => Decode(path));

        Assert.Equal("Invalid file format. Supported formats: ['flac', 'm4a', 'mp3', 'mp4', 'mpeg', 'mpga', 'oga', 'ogg', 'wav', 'webm']", error.Message);
    }

    [Fact]
    public void Missing_file_is_the_callers_mistake() =>
        Assert.Throws<FileNotFoundException>(() => Decode(_folder.PathOf("none")));

    [Fact]
    public void Mutated_WAV_files_are_decoded_or_refused_and_nothing_else()
    {
        var random = new Random(20_240_607);
        byte[][] seeds =
        [
            WavFile.Make16(16_000, 1, new short[2_000]),
            WavFile.Make(48_000, 2, 24, RandomBytes(6 * 5_000)),
            WavFile.Make(8_000, 1, 8, RandomBytes(1_000), WavFile.MuLaw),
            WavFile.Make(22_050, 1, 32, RandomBytes(4 * 3_000), WavFile.Float),
            WavFile.Riff(WavFile.FmtExtensible(WavFile.Float, 3, 12_345, 64), WavFile.Chunk("junk", new byte[7]), WavFile.Chunk("data", RandomBytes(24 * 2_000))),
        ];
        var decoded = 0;
        var faults = new HashSet<AudioFault>();

        for (var round = 0; round < 3_000; round++)
        {
            var path = _folder.Write("fuzz", Mutate(seeds[round % seeds.Length], random));
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using var audio = Decode(path);
                Assert.InRange(audio.Duration, TimeSpan.FromSeconds(0.1), TimeSpan.FromSeconds(10));
                Assert.True(double.IsFinite(Tone.Rms(audio.Samples)));
                decoded++;
            }
            catch (InvalidAudioException e)
            {
                faults.Add(e.Fault);
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 20);
        }

        // Both kinds must occur, or the mutations test nothing.
        Assert.InRange(decoded, 300, 2_700);
        Assert.Superset(new HashSet<AudioFault> { AudioFault.Damaged, AudioFault.Unsupported, AudioFault.Unrecognised }, faults);
    }

    static byte[] Mutate(byte[] seed, Random random)
    {
        var file = seed.ToArray();
        for (var changes = random.Next(1, 6); changes > 0; changes--)
        {
            // Mostly in the header, where the decisions are made.
            var place = random.Next(4) == 0 ? random.Next(file.Length) : random.Next(Math.Min(100, file.Length));
            file[place] = random.Next(3) switch
            {
                0 => (byte)random.Next(256),
                1 => (byte)(file[place] ^ (1 << random.Next(8))),
                _ => random.Next(2) == 0 ? (byte)0xFF : (byte)0,
            };
        }

        return random.Next(4) == 0 ? file[..random.Next(file.Length)] : file;
    }

    static PcmAudio Decode(string path) =>
        new AudioDecoder(new AudioDecoderSettings { Ffmpeg = "no-such-program", MaxDuration = TimeSpan.FromSeconds(10) })
            .Decode(path, CancellationToken.None);

    static byte[] Wav(byte[] format) => WavFile.Riff(format, Data);

    static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    static byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        new Random(7).NextBytes(bytes);
        return bytes;
    }
}
