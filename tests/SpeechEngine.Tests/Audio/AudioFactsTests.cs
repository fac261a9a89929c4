using SpeechEngine.Audio;

namespace SpeechEngine.Tests.Audio;

/// <summary>What is known of a file before it is decoded.</summary>
public sealed class AudioFactsTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(16_000, 1, 16, 8_000, 0.5)]
    [InlineData(44_100, 2, 16, 66_150, 1.5)]
    [InlineData(8_000, 1, 8, 8_001, 1.000125)]
    public void Wav_tells_its_length_exactly(int rate, int channels, int bits, int frames, double seconds)
    {
        var file = WavFile.Make(rate, channels, bits, new byte[frames * channels * bits / 8]);

        Assert.Equal(new AudioFacts("wav", TimeSpan.FromSeconds(seconds), channels, IsExact: true), Read(file));
    }

    [Fact]
    public void Length_that_a_wav_header_claims_counts_only_as_far_as_the_file_goes() =>
        Assert.Equal(TimeSpan.FromSeconds(1), Read(WavFile.Riff(WavFile.Fmt(WavFile.Pcm, 1, 16_000, 16), WavFile.Chunk("data", new byte[32_000], 0x7FFF_FFFF))).Duration);

    [Fact]
    public void Damaged_wav_is_guessed_from_its_size()
    {
        var file = WavFile.Riff(WavFile.Chunk("data", new byte[15_980]));

        Assert.Equal(new AudioFacts("wav", TimeSpan.FromSeconds(file.Length / 16_000.0), 1, IsExact: false), Read(file));
    }

    [Fact]
    public void Other_containers_are_named_and_guessed_from_their_size()
    {
        Assert.Equal(new AudioFacts("flac", TimeSpan.FromSeconds(2), 1, IsExact: false), Read([.. "fLaC"u8, .. new byte[31_996]]));
        Assert.Equal(new AudioFacts("unknown", TimeSpan.Zero, 1, IsExact: false), Read([]));
    }

    AudioFacts Read(byte[] file) => AudioFacts.Read(_folder.Write("audio", file));
}
