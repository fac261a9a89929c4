using System.Text;
using SpeechEngine.Decoding;
using SpeechEngine.Words;

namespace SpeechEngine.Tests.Words;

public sealed class WordGroupsTests
{
    [Theory]
    [InlineData("en", " We| need| milk|,| tea|.", " We; need; milk,; tea.")]
    [InlineData("en", " un|believ|able| things", " unbelievable; things")]
    [InlineData("en", " it|'s| 3|.|5| e|-|mails", " it's; 3.5; e-mails")]
    [InlineData("en", " He| said| \"| yes| \"| loudly", " He; said; \" yes; \" loudly")]
    [InlineData("en", " (|see| below|)|.", " (see; below).")]
    [InlineData("en", " -| Hello| -", " - Hello; -")]
    [InlineData("es", " ¿|Qué| hora| es|?", " ¿Qué; hora; es?")]
    [InlineData("fr", " Ça| va| ?| Oui| !", " Ça; va ?; Oui !")]
    [InlineData("ja", "今日|は|いい|天気|です|。", "今日;は;いい;天気;です。")]
    [InlineData("zh", "你好|，|世界|！", "你好，;世界！")]
    [InlineData("de", "今日|は", "今日は")]
    public void Tokens_become_words(string language, string tokens, string words) =>
        Assert.Equal(words.Split(';'), Cut(language, [.. tokens.Split('|').Select(Encoding.UTF8.GetBytes)]).Select(word => word.Text));

    [Fact]
    public void A_character_spread_over_tokens_stays_in_one_word()
    {
        var words = Cut("ja", [[0xE4], [0xBB, 0x8A, 0xE6], [0x97, 0xA5], "は"u8.ToArray()]);

        Assert.Equal([new WordGroup(0, 2, "今"), new WordGroup(2, 1, "日"), new WordGroup(3, 1, "は")], words);
    }

    [Fact]
    public void Bytes_that_are_no_character_do_not_break_the_text()
    {
        byte[][] tokens = [" a"u8.ToArray(), [0xC3], " b"u8.ToArray(), [0xE4, 0xBB]];

        var words = Cut("en", tokens);

        Assert.Equal(" a\uFFFD b\uFFFD", string.Concat(words.Select(word => word.Text)));
        Assert.Equal(4, words.Sum(word => word.Tokens));
    }

    [Fact]
    public void Words_joined_are_the_text_even_when_it_was_put_together_otherwise()
    {
        var vocabulary = new Vocabulary([" one"u8.ToArray(), " two"u8.ToArray()], 51865);
        foreach (var text in new[] { "", "x", " one", " one two", " one two and more" })
        {
            var words = WordGroups.Cut(vocabulary, [0, 1], text, "en", Encoding.UTF8.GetDecoder(), isLast: true);
            Assert.Equal(text, string.Concat(words.Select(word => word.Text)));
            Assert.Equal(2, words.Sum(word => word.Tokens));
        }
    }

    [Theory]
    [InlineData(" word", 4)]
    [InlineData(" año", 3)]
    [InlineData(" 42", 8)]
    [InlineData("日本", 6)]
    [InlineData(" end.", 5.5)]
    [InlineData(" well,", 5.25)]
    [InlineData(" ♪ -", 0)]
    [InlineData("", 0)]
    public void Spoken_length_counts_letters(string text, double expected) => Assert.Equal(expected, SpokenLength.Of(text), 1e-6);

    static List<WordGroup> Cut(string language, byte[][] tokens)
    {
        var vocabulary = new Vocabulary(tokens, 51865);
        int[] ids = [.. Enumerable.Range(0, tokens.Length)];
        var words = WordGroups.Cut(vocabulary, ids, vocabulary.TextOf(ids), language, Encoding.UTF8.GetDecoder(), isLast: true);
        Assert.Equal(vocabulary.TextOf(ids), string.Concat(words.Select(word => word.Text)));
        return words;
    }
}
