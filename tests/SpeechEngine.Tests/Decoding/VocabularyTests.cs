using System.Text;
using SpeechEngine.Decoding;
using SpeechEngine.Loading;

namespace SpeechEngine.Tests.Decoding;

public sealed class VocabularyTests
{
    [Theory]
    [InlineData(51864, false, 50256, 50257, 50357, 50360, 50361, 50362, 50363)]
    [InlineData(51865, true, 50257, 50258, 50358, 50361, 50362, 50363, 50364)]
    [InlineData(51866, true, 50257, 50258, 50359, 50362, 50363, 50364, 50365)]
    public void Special_tokens_follow_from_the_size(
        int size, bool multilingual, int end, int start, int translate, int previous, int noSpeech, int noTimestamps, int firstTimestamp)
    {
        var vocabulary = new Vocabulary([], size);

        Assert.Equal(multilingual, vocabulary.IsMultilingual);
        Assert.Equal(
            (end, start, translate, translate + 1, previous, noSpeech, noTimestamps, firstTimestamp),
            (vocabulary.EndOfText, vocabulary.StartOfTranscript, vocabulary.Translate, vocabulary.Transcribe, vocabulary.Previous,
                vocabulary.NoSpeech, vocabulary.NoTimestamps, vocabulary.FirstTimestamp));
        Assert.Equal(multilingual ? size - 51766 : 0, vocabulary.LanguageCount);
        Assert.Equal(size, vocabulary.FirstTimestamp + 1501);
    }

    [Fact]
    public void Characters_spread_over_tokens_are_joined()
    {
        byte[][] tokens = [[0xC3], [0xA9], "caf"u8.ToArray(), [0xE4, 0xBD]];
        var vocabulary = new Vocabulary(tokens, 51865);

        Assert.Equal("café", vocabulary.TextOf([2, 0, 1]));
        Assert.Equal("caf\uFFFD", vocabulary.TextOf([2, 3]));
        Assert.Equal("", vocabulary.TextOf([50257, 50364, 51864]));
    }

    [Fact]
    public void Text_is_cut_into_the_longest_tokens_and_bytes_without_one_are_left_out()
    {
        byte[][] tokens = ["a"u8.ToArray(), "b"u8.ToArray(), "ab"u8.ToArray(), " ab"u8.ToArray(), [0xC3], [0xA9]];
        var vocabulary = new Vocabulary(tokens, 51865);

        Assert.Equal([2, 0, 3, 4, 5], vocabulary.Encode("aba abzé"));
        Assert.Empty(vocabulary.Encode(""));
        Assert.Empty(new Vocabulary([], 51865).Encode("nothing fits"));
    }

    [Theory]
    [InlineData("no-weights-tiny.bin", "Hello world", "15947 1002")]
    [InlineData("no-weights-tiny.bin", " Hello, world! It's 2024.", "2425 11 1002 0 467 311 45237 13")]
    [InlineData("no-weights-tiny.bin", " And so my fellow Americans", "400 370 452 7177 6280")]
    [InlineData("no-weights-tiny.bin", "tokenization of untokenizable  words\n", "1353 2653 2144 295 16521 2653 22395 220 2283 198")]
    [InlineData("no-weights-tiny.bin", "Kubernetes, gRPC and PostgreSQL", "42 22457 11 290 28516 34 293 10223 33248 39934")]
    [InlineData("no-weights-base.en.bin", "Hello world", "15496 995")]
    [InlineData("no-weights-base.en.bin", " And so my fellow Americans", "843 523 616 5891 3399")]
    public void Real_vocabularies_give_whisper_cpps_tokens(string model, string text, string expected)
    {
        using var file = ModelFile.Open(TestFiles.Shared("models", model));
        var vocabulary = new Vocabulary(file.Tokens, file.Dimensions.Vocabulary);

        Assert.Equal(expected, string.Join(' ', vocabulary.Encode(text)));
        Assert.Equal(text, vocabulary.TextOf([.. vocabulary.Encode(text)]));
    }

    [Fact]
    public void Any_text_survives_the_round_trip_when_all_bytes_have_tokens()
    {
        var vocabulary = new Vocabulary([.. Enumerable.Range(0, 256).Select(b => new[] { (byte)b })], 51865);
        var random = new Random(6);
        for (var round = 0; round < 50; round++)
        {
            var text = string.Concat(Enumerable.Range(0, 40).Select(_ => new Rune(random.Next(3) switch
            {
                0 => random.Next(0x20, 0x7F),
                1 => random.Next(0xA0, 0xD800),
                _ => random.Next(0x1F300, 0x1FAFF),
            }).ToString()));

            Assert.Equal(text, vocabulary.TextOf([.. vocabulary.Encode(text)]));
        }
    }
}
