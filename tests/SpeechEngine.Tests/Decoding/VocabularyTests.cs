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
    [InlineData("no-weights-tiny.bin", "tokenization of untokenizable  words\n", "83 8406 2144 295 1701 8406 22395 220 2283 198")]
    [InlineData("no-weights-tiny.bin", "Kubernetes, gRPC and PostgreSQL", "42 22457 11 290 49 12986 293 10223 33248 39934")]
    [InlineData("no-weights-base.en.bin", "Hello world", "15496 995")]
    [InlineData("no-weights-base.en.bin", " Hello, world! It's 2024.", "18435 11 995 0 632 338 48609 13")]
    [InlineData("no-weights-base.en.bin", " And so my fellow Americans", "843 523 616 5891 3399")]
    public void Real_vocabularies_give_openais_tokens(string model, string text, string expected)
    {
        using var file = ModelFile.Open(TestFiles.Shared("models", model));
        var vocabulary = new Vocabulary(file.Tokens, file.Dimensions.Vocabulary);

        Assert.Equal(expected, string.Join(' ', vocabulary.Encode(text)));
        Assert.Equal(text, vocabulary.TextOf([.. vocabulary.Encode(text)]));
    }

    [Fact]
    public void Pairs_are_joined_by_rank_and_not_by_length()
    {
        // "abc" could be "ab" + "c" or "a" + "bc"; the pair that was learnt first wins, and what it makes can be joined again.
        var vocabulary = Gpt2("bc", "ab", "abcd", "cd", "ée", "é");

        Assert.Equal(["a", "bc"], Pieces(vocabulary, "abc"));
        Assert.Equal(["a", "bc", "a", "bc"], Pieces(vocabulary, "abcabc"));
        Assert.Equal(["a", "bc", "d"], Pieces(vocabulary, "xabcd")[1..]);
        Assert.Equal(["abcd"], Pieces(vocabulary, "abcd"));
        Assert.Equal(["ée"], Pieces(vocabulary, "ée"));
        Assert.Equal(["é", "x"], Pieces(vocabulary, "éx"));
    }

    [Fact]
    public void The_first_of_equal_pairs_is_joined()
    {
        var vocabulary = Gpt2("aa", "aaaa");

        Assert.Equal(["aa", "a"], Pieces(vocabulary, "aaa"));
        Assert.Equal(["aaaa", "a"], Pieces(vocabulary, "aaaaa"));
    }

    [Fact]
    public void A_piece_of_any_length_is_encoded_like_by_joining_step_by_step()
    {
        var random = new Random(3);
        string[] merges = [.. Enumerable.Range(0, 60).Select(_ => string.Concat(Enumerable.Range(0, random.Next(2, 5)).Select(_ => "abc"[random.Next(3)]))).Distinct()];
        var vocabulary = Gpt2(merges);
        for (var round = 0; round < 200; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 40)).Select(_ => "abc"[random.Next(3)]));
            Assert.Equal(JoinedStepByStep(text, [.. merges]), Pieces(vocabulary, text));
        }

        Assert.Equal(200_000, vocabulary.TextOf([.. vocabulary.Encode(new string('a', 200_000))]).Length);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Any_text_survives_the_round_trip_when_all_bytes_have_tokens(bool gpt2)
    {
        var vocabulary = gpt2 ? Gpt2("th", "the", " t", "é", "日") : new Vocabulary([.. Enumerable.Range(0, 256).Select(b => new[] { (byte)b })], 51865);
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

    /// <summary>A vocabulary of GPT-2's kind: the single bytes in its order, then what they are joined to.</summary>
    static Vocabulary Gpt2(params string[] merges)
    {
        int[] bytes = [.. Enumerable.Range(0x21, 94), .. Enumerable.Range(0xA1, 12), .. Enumerable.Range(0xAE, 82), .. Enumerable.Range(0, 33), .. Enumerable.Range(0x7F, 34), 0xAD];
        Assert.Equal(256, bytes.Distinct().Count());
        return new Vocabulary([.. bytes.Select(value => new[] { (byte)value }), .. merges.Select(Encoding.UTF8.GetBytes)], 51865);
    }

    static List<string> Pieces(Vocabulary vocabulary, string text) => [.. vocabulary.Encode(text).Select(id => vocabulary.TextOf([id]))];

    static List<string> JoinedStepByStep(string text, List<string> merges)
    {
        if (merges.Contains(text))
        {
            return [text];
        }

        List<string> parts = [.. text.Select(letter => letter.ToString())];
        while (true)
        {
            var ranks = parts.Zip(parts.Skip(1), (left, right) => merges.IndexOf(left + right)).ToList();
            var best = ranks.Where(rank => rank >= 0).DefaultIfEmpty(-1).Min();
            if (best < 0)
            {
                return parts;
            }

            var at = ranks.IndexOf(best);
            parts[at] += parts[at + 1];
            parts.RemoveAt(at + 1);
        }
    }
}
