using System.Text;
using SpeechEngine.Decoding;

namespace SpeechEngine.Tests.Decoding;

public sealed class TextContextTests
{
    static readonly Vocabulary Letters = new([.. Enumerable.Range(0, 256).Select(b => new[] { (byte)b })], 51865);

    [Fact]
    public void The_prompt_is_shown_once_and_keywords_before_every_window()
    {
        var context = TextContext.Of(Letters, new TranscribeOptions { Prompt = " Hello ", Keywords = ["Ada", "Bob"] }, null);

        Assert.Equal(" Ada, Bob Hello", Shown(context));
        context.Add([Said(" new")], 0);
        Assert.Equal(" Ada, Bob", Shown(context));
    }

    [Fact]
    public void Text_before_is_remembered_until_a_window_needed_a_high_temperature()
    {
        var context = TextContext.Of(Letters, new TranscribeOptions { Prompt = "Hi.", ConditionOnPreviousText = true }, null);
        context.Add([Said(" one"), Said(" two")], 0.4f);
        Assert.Equal(" Hi. one two", Shown(context));

        context.Add([Said(" three")], 0.6f);
        Assert.Equal("", Shown(context));

        context.Add([Said(" four")], 0);
        Assert.Equal(" four", Shown(context));
    }

    [Fact]
    public void A_hot_attempt_sees_the_keywords_only()
    {
        var context = TextContext.Of(Letters, new TranscribeOptions { Keywords = ["Ada"], Prompt = "Hi.", ConditionOnPreviousText = true }, null);

        Assert.Equal(" Ada Hi.", Shown(context, 0.5f));
        Assert.Equal(" Ada", Shown(context, 0.6f));
    }

    [Fact]
    public void Of_a_long_text_the_end_is_shown_and_keywords_take_half_at_most()
    {
        var long0 = string.Concat(Enumerable.Repeat("0123456789", 50));
        var context = TextContext.Of(Letters, new TranscribeOptions { Keywords = [long0], Prompt = long0, ConditionOnPreviousText = true }, null);
        context.Add([Said("end")], 0);

        var shown = Shown(context);

        Assert.Equal(223, shown.Length);
        Assert.StartsWith(" " + long0[..111], shown);
        Assert.EndsWith("9end", shown);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("  ", " \t")]
    public void Blank_text_is_none(string prompt, string keyword) =>
        Assert.Equal("", Shown(TextContext.Of(Letters, new TranscribeOptions { Prompt = prompt, Keywords = [keyword] }, null)));

    static string Shown(TextContext context, float temperature = 0)
    {
        var tokens = new int[256];
        return Letters.TextOf(tokens.AsSpan(0, context.CopyTo(tokens, temperature)));
    }

    static Segment Said(string text) => new()
    {
        Start = TimeSpan.Zero,
        End = TimeSpan.FromSeconds(1),
        Text = text,
        Tokens = [.. Encoding.UTF8.GetBytes(text).Select(b => (int)b)],
        LogProbabilities = [],
        Language = "en",
        Seek = 0,
        Temperature = 0,
        AverageLogProbability = 0,
        CompressionRatio = 1,
        NoSpeechProbability = 0,
    };
}
