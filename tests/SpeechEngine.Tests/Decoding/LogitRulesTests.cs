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

        var token = TokenChoice.Next(logits, Words.FirstTimestamp, draw: null);

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

        var token = TokenChoice.Next(logits, Words.FirstTimestamp, draw: null);

        Assert.Equal(Words.FirstTimestamp + 7, token.Id);
        Assert.Equal(token.Id, token.Timestamp);
    }

    [Fact]
    public void A_text_token_remembers_the_likeliest_timestamp_beside_it()
    {
        var logits = Row(-30f);
        logits['a'] = 9f;
        logits[Words.FirstTimestamp + 3] = 1f;

        Assert.Equal(new DecodedToken('a', Words.FirstTimestamp + 3, TokenChoice.Next(logits.ToArray(), Words.FirstTimestamp, null).LogProbability), TokenChoice.Next(logits, Words.FirstTimestamp, null));
    }

    [Fact]
    public void Draws_follow_the_distribution_and_never_take_what_is_forbidden()
    {
        var counts = new int[256];
        var random = new Random(9);
        for (var i = 0; i < 2000; i++)
        {
            var logits = Row(float.NegativeInfinity);
            (logits['a'], logits['b']) = (MathF.Log(3f), 0f);
            counts[TokenChoice.Next(logits, Words.FirstTimestamp, random.NextDouble()).Id]++;
        }

        Assert.Equal(2000, counts['a'] + counts['b']);
        Assert.InRange(counts['a'], 1420, 1580);
    }

    static float[] Apply(DecodedSoFar decoded, bool withTimestamps = true)
    {
        var logits = Row(0f);
        new LogitRules(Words, withTimestamps).Apply(logits, in decoded);
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
