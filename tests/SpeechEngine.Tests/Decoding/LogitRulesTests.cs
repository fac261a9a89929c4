using SpeechEngine.Decoding;

namespace SpeechEngine.Tests.Decoding;

public sealed class LogitRulesTests
{
    static readonly Vocabulary Words = new([.. Enumerable.Range(0, 256).Select(b => new[] { (byte)b })], 51865);

    [Fact]
    public void A_window_begins_neither_with_its_end_nor_with_a_space_nor_after_its_first_second()
    {
        var logits = Apply(new DecodedSoFar(0, -1, -1, -1));

        Assert.True(Forbidden(logits, Words.EndOfText));
        Assert.True(Forbidden(logits, ' '));
        Assert.False(Forbidden(logits, 'a'));
        Assert.False(Forbidden(logits, Words.FirstTimestamp + 50));
        Assert.True(Forbidden(logits, Words.FirstTimestamp + 51));
    }

    [Fact]
    public void Special_tokens_are_never_decoded()
    {
        var logits = Apply(new DecodedSoFar(3, 'a', 'b', -1));

        for (var id = Words.EndOfText + 1; id < Words.FirstTimestamp; id++)
        {
            Assert.True(Forbidden(logits, id));
        }

        Assert.False(Forbidden(logits, Words.EndOfText));
        Assert.False(Forbidden(logits, ' '));
    }

    [Fact]
    public void After_text_and_a_timestamp_comes_the_end_or_another_timestamp()
    {
        var logits = Apply(new DecodedSoFar(4, Words.FirstTimestamp + 20, 'a', 20));

        Assert.True(Forbidden(logits, 'a'));
        Assert.False(Forbidden(logits, Words.EndOfText));
        Assert.True(Forbidden(logits, Words.FirstTimestamp + 19));
        Assert.False(Forbidden(logits, Words.FirstTimestamp + 20));
    }

    [Fact]
    public void After_a_pair_of_timestamps_comes_text()
    {
        var logits = Apply(new DecodedSoFar(5, Words.FirstTimestamp + 20, Words.FirstTimestamp + 20, 20));

        Assert.False(Forbidden(logits, 'a'));
        Assert.True(Forbidden(logits, Words.FirstTimestamp + 20));
        Assert.True(Forbidden(logits, Words.FirstTimestamp + 700));
    }

    [Fact]
    public void The_opening_timestamp_is_followed_by_text()
    {
        var logits = Apply(new DecodedSoFar(1, Words.FirstTimestamp, -1, -1));

        Assert.False(Forbidden(logits, 'a'));
        Assert.True(Forbidden(logits, Words.FirstTimestamp + 1));
    }

    [Fact]
    public void Without_timestamps_none_is_allowed()
    {
        var logits = Apply(new DecodedSoFar(2, 'a', 'b', -1), withTimestamps: false);

        Assert.False(Forbidden(logits, 'a'));
        Assert.True(Forbidden(logits, Words.FirstTimestamp));
        Assert.True(Forbidden(logits, Words.Size - 1));
    }

    [Fact]
    public void The_likeliest_token_is_taken_and_the_lowest_wins_a_tie()
    {
        var logits = Row(0f);
        logits['b'] = logits['a'] = 9f;

        var token = Likeliest(logits);

        Assert.Equal('a', token.Id);
        var total = (2 * Math.Exp(9)) + Words.Size - 2;
        Assert.Equal(9 - Math.Log(total), token.LogProbability, 1e-3);
    }

    [Fact]
    public void Timestamps_that_are_together_likelier_than_any_word_win()
    {
        var logits = Row(-30f);
        logits['a'] = 2f;
        logits.AsSpan(Words.FirstTimestamp, 10).Fill(1f);
        logits[Words.FirstTimestamp + 7] = 1.5f;

        var token = Likeliest(logits);

        Assert.Equal(Words.FirstTimestamp + 7, token.Id);
        Assert.Equal(token.Id, token.Timestamp);
    }

    [Fact]
    public void A_text_token_remembers_the_likeliest_timestamp_beside_it()
    {
        var logits = Row(-30f);
        logits['a'] = 9f;
        logits[Words.FirstTimestamp + 3] = 1f;

        var token = Likeliest(logits);

        Assert.Equal(('a', Words.FirstTimestamp + 3), ((char)token.Id, token.Timestamp));
    }

    [Theory]
    [InlineData(1f, 0.75)]
    [InlineData(0.5f, 0.9)]
    public void Draws_follow_the_distribution_and_never_take_what_is_forbidden(float temperature, double share)
    {
        // Far apart, so that the search through blocks of the row is taken both ways.
        const int Near = 7, Far = 40_000;
        var random = new Random(9);
        var near = 0;
        for (var i = 0; i < 2000; i++)
        {
            var logits = Row(float.NegativeInfinity);
            (logits[Near], logits[Far]) = (MathF.Log(3f), 0f);
            var summary = TokenChoice.Summarise(logits, Words.FirstTimestamp);
            var token = TokenChoice.Draw(logits, in summary, Words.FirstTimestamp, temperature, random.NextDouble());
            Assert.Contains(token.Id, new[] { Near, Far });

            // The probability a token is given is the model's own, however hot it was drawn.
            Assert.Equal(token.Id == Near ? Math.Log(0.75) : Math.Log(0.25), token.LogProbability, 1e-4);
            near += token.Id == Near ? 1 : 0;
        }

        Assert.InRange(near / 2000.0, share - 0.04, share + 0.04);
    }

    [Fact]
    public void The_best_tokens_come_in_order_and_the_row_stays_as_it_was()
    {
        var logits = Row(float.NegativeInfinity);
        (logits[5], logits[3000], logits[3001], logits[51_000]) = (1f, 4f, 2f, 4f);
        var before = logits.ToArray();
        var ids = new int[6];

        Assert.Equal(4, TokenChoice.Best(logits, ids));

        Assert.Equal([3000, 51_000, 3001, 5], ids[..4]);
        Assert.Equal(before, logits);
    }

    [Fact]
    public void Options_forbid_tokens_and_allow_late_and_blank_beginnings()
    {
        var options = new DecodingOptions { SuppressTokens = [65, 66], SuppressBlank = false, MaxInitialTimestamp = null, SuppressNonSpeech = true };
        var logits = Apply(new DecodedSoFar(0, -1, -1, -1), options: options);

        Assert.True(Forbidden(logits, 'A'));
        Assert.True(Forbidden(logits, '['));
        Assert.True(Forbidden(logits, '"'));
        Assert.False(Forbidden(logits, 'C'));
        Assert.False(Forbidden(logits, '-'));
        Assert.False(Forbidden(logits, Words.EndOfText));
        Assert.False(Forbidden(logits, Words.Size - 1));
        Assert.True(Forbidden(Apply(new DecodedSoFar(0, -1, -1, -1), options: options with { MaxInitialTimestamp = TimeSpan.FromSeconds(2) }), Words.FirstTimestamp + 101));
        Assert.False(Forbidden(Apply(new DecodedSoFar(0, -1, -1, -1), options: options with { SuppressNonSpeech = false }), '['));
    }

    static DecodedToken Likeliest(float[] logits)
    {
        var summary = TokenChoice.Summarise(logits, Words.FirstTimestamp);
        return TokenChoice.Likeliest(logits, in summary, Words.FirstTimestamp);
    }

    static float[] Apply(DecodedSoFar decoded, bool withTimestamps = true, DecodingOptions? options = null)
    {
        var logits = Row(0f);
        new LogitRules(Words, options ?? new DecodingOptions(), withTimestamps).Apply(logits, in decoded);
        return logits;
    }

    static float[] Row(float value)
    {
        var logits = new float[Words.Size];
        Array.Fill(logits, value);
        return logits;
    }

    static bool Forbidden(float[] logits, int id) => float.IsNegativeInfinity(logits[id]);
}
