using SpeechEngine.Decoding;

namespace SpeechEngine.Tests.Decoding;

public sealed class HypothesisTests
{
    static readonly Vocabulary Words = new([.. Enumerable.Range(0, 256).Select(b => new[] { (byte)b })], 51865);
    static readonly WindowLimits Limits = new(MostTokens: 220, Remaining: 3000, WithTimestamps: true, CutsAtTimestamps: true);

    [Fact]
    public void Text_after_the_last_timestamp_is_left_to_the_next_window()
    {
        var text = Decode(Limits, At(0), 'a', 'b', At(2), At(2), 'c', Words.EndOfText);

        Assert.Equal(HypothesisState.Ended, text.State);
        Assert.Equal((5, 200), (text.Kept(in Limits), text.Advance));
    }

    [Fact]
    public void A_text_without_a_closing_timestamp_is_kept_whole_and_takes_the_whole_window()
    {
        var text = Decode(Limits, At(0), 'a', Words.EndOfText);

        Assert.Equal((3, 3000), (text.Kept(in Limits), text.Advance));
    }

    [Fact]
    public void A_timestamp_that_only_opens_the_text_closes_nothing()
    {
        var text = Decode(Limits, At(0.4), 'a', Words.EndOfText);

        Assert.Equal((3, 3000), (text.Kept(in Limits), text.Next(in Limits)));
        Assert.Equal(20, text.SoFar.LatestTimestamp);

        // Without any text it says where to listen again.
        Assert.Equal(40, Decode(Limits, At(0.4), Words.EndOfText).Next(in Limits));
    }

    [Fact]
    public void A_window_full_of_tokens_is_cut_where_the_next_one_begins()
    {
        var limits = Limits with { MostTokens = 5 };
        var text = Decode(limits, At(0), 'a', At(2), At(2), 'b');

        Assert.Equal(HypothesisState.Failed, text.State);
        Assert.Equal((4, 200), (text.Kept(in limits), text.Next(in limits)));
    }

    [Fact]
    public void A_timestamp_that_took_the_last_token_does_not_say_that_speech_is_over()
    {
        var limits = Limits with { MostTokens = 3 };
        Assert.Equal(1600, Decode(limits, At(0), 'a', At(16)).Next(in limits));
        Assert.Equal(3000, Decode(Limits, At(0), 'a', At(16), Words.EndOfText).Next(in Limits));
    }

    [Fact]
    public void A_timestamp_at_the_end_of_the_audio_ends_the_text()
    {
        var limits = Limits with { Remaining = 210 };
        var text = Decode(limits, At(0), 'a');

        Assert.False(text.WouldEnd(At(1.9), in limits));
        Assert.True(text.WouldEnd(At(2), in limits));
        text.Extend(new DecodedToken(At(2), At(2), -0.5f), in limits);
        Assert.Equal(HypothesisState.Ended, text.State);
    }

    [Theory]
    [InlineData(14.98, HypothesisState.Failed, 3)]
    [InlineData(15, HypothesisState.Ended, 3)]
    public void A_window_full_of_tokens_is_trusted_when_it_got_past_its_middle(double seconds, object state, int kept)
    {
        var limits = Limits with { MostTokens = 3 };
        var text = Decode(limits, At(0), 'a', At(seconds));

        Assert.Equal((state, kept), (text.State, text.Kept(in limits)));
    }

    [Theory]
    [InlineData(1, 15)]
    [InlineData(2, 14)]
    [InlineData(4, 12)]
    [InlineData(5, 15)]
    [InlineData(20, 60)]
    [InlineData(50, 150)]
    public void Repetition_is_noticed_in_its_fourth_round_and_the_first_is_kept(int period, int repeatedTokens)
    {
        var text = Decode(Limits, 200, 201);
        var surplus = 0;
        while (text.State == HypothesisState.Open)
        {
            var next = 'a' + ((text.Count - 2) % period);
            var expected = text.WouldRepeat(next);
            text.Extend(new DecodedToken(next, -1, -0.1f), in Limits);
            Assert.Equal(expected, text.IsRepeating);
            surplus = text.Count - 2 - period;
        }

        Assert.True(text.IsRepeating);
        Assert.Equal(HypothesisState.Failed, text.State);
        Assert.Equal(repeatedTokens, surplus);
        Assert.Equal(2 + period, text.Kept(in Limits));
    }

    [Fact]
    public void Timestamps_between_the_rounds_do_not_hide_a_repetition()
    {
        var text = Decode(Limits, At(0));
        for (var round = 1; text.State == HypothesisState.Open; round++)
        {
            foreach (var token in new[] { 't', 'h', 'a', 'n', 'k', At(round), At(round) })
            {
                if (text.State == HypothesisState.Open)
                {
                    text.Extend(new DecodedToken(token, -1, -0.1f), in Limits);
                }
            }

            Assert.InRange(round, 1, 4);
        }

        Assert.True(text.IsRepeating);
    }

    [Fact]
    public void A_number_with_many_equal_digits_is_no_repetition()
    {
        int[] number = [.. Enumerable.Repeat((int)'7', 12), '1', .. Enumerable.Repeat((int)'7', 12)];

        Assert.False(Decode(Limits, number).IsRepeating);
    }

    [Fact]
    public void A_copy_goes_on_as_the_original_would()
    {
        var original = Decode(Limits, At(0), 'a', 'b', 'a', 'b', At(3));
        var copy = new Hypothesis(Words, 448);
        copy.Reset();
        copy.Extend(new DecodedToken('z', -1, -9f), in Limits);
        copy.CopyFrom(original);

        Assert.Equal(original.Tokens.ToArray(), copy.Tokens.ToArray());
        Assert.Equal((original.State, original.Advance, original.SoFar, original.LogProbability), (copy.State, copy.Advance, copy.SoFar, copy.LogProbability));
    }

    [Fact]
    public void Scores_divide_by_length_or_by_the_penalty()
    {
        var text = Decode(Limits, 'a', 'b', 'c');

        Assert.Equal(-0.5, text.Score(null), 1e-6);
        Assert.Equal(-1.5 / Math.Pow(8.0 / 6, 0.5), text.Score(0.5f), 1e-6);
    }

    [Fact]
    public void Of_a_failed_text_the_good_segments_at_its_beginning_are_kept()
    {
        var text = new Hypothesis(Words, 448);
        text.Reset();
        void Say(float logProbability, params int[] tokens)
        {
            foreach (var token in tokens)
            {
                text.Extend(new DecodedToken(token, -1, logProbability), in Limits);
            }
        }

        Say(-0.2f, At(0), 'a', 'b', At(3), At(3), 'c', 'd', At(5), At(5));
        Say(-4f, 'e', 'f', 'g', At(8), Words.EndOfText);

        Assert.Equal((8, 500), GoodBeginning.Find(Words, text, in Limits, new DecodingOptions()));
        Assert.Equal((0, 0), GoodBeginning.Find(Words, text, in Limits, new DecodingOptions { LogProbabilityThreshold = -0.1 }));
        Assert.Equal((0, 0), GoodBeginning.Find(Words, text, Limits with { CutsAtTimestamps = false }, new DecodingOptions()));
    }

    static int At(double seconds) => Words.FirstTimestamp + (int)Math.Round(seconds * 50);

    static Hypothesis Decode(WindowLimits limits, params int[] tokens)
    {
        var text = new Hypothesis(Words, 448);
        text.Reset();
        foreach (var token in tokens)
        {
            text.Extend(new DecodedToken(token, -1, -0.5f), in limits);
        }

        return text;
    }
}
