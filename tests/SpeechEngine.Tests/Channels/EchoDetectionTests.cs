using SpeechEngine.Audio;
using SpeechEngine.Channels;

namespace SpeechEngine.Tests.Channels;

public sealed class EchoDetectionTests
{
    const string Sentence = " The train to Chicago leaves from platform nineteen.";

    [Theory]
    [InlineData(0.5, 0.05, Sentence, true)]                                                        // 20 dB
    [InlineData(0.5, 0.15, Sentence, true)]                                                        // 10.5 dB
    [InlineData(0.5, 0.165, Sentence, false)]                                                      // 9.6 dB: two people in chorus
    [InlineData(0.5, 0.5, Sentence, false)]
    [InlineData(0.5, 0, Sentence, true)]                                                           // invented on a dead channel
    [InlineData(0, 0, Sentence, false)]
    [InlineData(0.5, 0.05, "the TRAIN to Chicago, leaves from platform nineteen", true)]
    [InlineData(0.5, 0.05, " The rain to Chicago leads from platform ninety.", true)]              // heard less well
    [InlineData(0.5, 0.05, " leaves from platform nineteen.", true)]                               // only its end was heard
    [InlineData(0.5, 0.05, " Please wait a moment, I am looking for it.", false)]
    [InlineData(0.5, 0.05, " The train to Boston leaves at half past three tomorrow.", false)]
    [InlineData(0.5, 0.05, " nineteen", false)]                                                    // an answer, one word of the sentence
    [InlineData(0.5, 0.05, " ...", false)]
    public void Same_words_at_the_same_time_are_an_echo_when_they_are_clearly_softer(double loud, double soft, string text, bool isEcho)
    {
        var (kept, dropped) = Drop([loud, soft], Spoken.Segment(0, 2, 5, Sentence), Spoken.Segment(1, 2.3, 5.2, text));

        Assert.Equal(isEcho ? [0] : [0, 1], kept.Select(segment => segment.Channel!.Value));
        Assert.Equal(isEcho ? [text] : [], dropped.Select(drop => drop.Segment.Text));
    }

    [Theory]
    [InlineData(2, 5, true)]
    [InlineData(3.4, 6.4, true)]
    [InlineData(0.6, 3.6, true)]
    [InlineData(3.6, 6.6, false)]
    [InlineData(5, 8, false)]
    [InlineData(20, 23, false)]
    [InlineData(3, 3, false)]
    public void Same_words_at_another_time_are_said_twice(double start, double end, bool isEcho) =>
        Assert.Equal(isEcho ? 1 : 0, Drop([0.5, 0.05], Spoken.Segment(0, 2, 5, Sentence), Spoken.Segment(1, start, end, Sentence)).Dropped.Count);

    [Theory]
    [InlineData(" Yes.", " Yes!", true)]
    [InlineData(" Yes.", " Yesterday.", false)]
    [InlineData(" Yes, that is right.", " Yes.", false)]
    [InlineData(" 是的，我明白了。", " 是的，我明白了", true)]
    [InlineData(" 是的，我明白了。", " 好，再见", false)]
    public void Short_text_must_be_all_that_is_said_there(string loud, string soft, bool isEcho) =>
        Assert.Equal(isEcho ? 1 : 0, Drop([0.5, 0.05], Spoken.Segment(0, 2, 4, loud), Spoken.Segment(1, 2, 4, soft)).Dropped.Count);

    [Fact]
    public void Echo_may_be_cut_into_segments_differently()
    {
        var (kept, dropped) = Drop(
            [0.5, 0.05],
            Spoken.Segment(0, 0, 3, " We need to buy sugar."),
            Spoken.Segment(1, 0.2, 6.3, " We need to buy sugar. The market is near the station."),
            Spoken.Segment(0, 3, 6, " The market is near the station."),
            Spoken.Segment(0, 7, 12, " There are eighty-eight keys in the kitchen."),
            Spoken.Segment(1, 7, 9, " There are eighty-eight"),
            Spoken.Segment(1, 9, 12, " keys in the kitchen."));

        Assert.All(kept, segment => Assert.Equal(0, segment.Channel));
        Assert.Equal(3, kept.Count);
        Assert.Equal(3, dropped.Count);
    }

    [Fact]
    public void Whoever_is_louder_there_and_then_is_kept()
    {
        // The channels take turns: each is an echo of the other for ten seconds.
        using var audio = Spoken.Tones(0.5, 0.5);
        foreach (ref var sample in audio.Channels[1].Samples[..(10 * PcmAudio.SampleRate)])
        {
            sample *= 0.05f;
        }

        foreach (ref var sample in audio.Channels[0].Samples[(10 * PcmAudio.SampleRate)..])
        {
            sample *= 0.05f;
        }

        List<Segment> segments =
        [
            Spoken.Segment(0, 2, 5, Sentence), Spoken.Segment(1, 2, 5, Sentence),
            Spoken.Segment(0, 12, 15, " The market is near the station."), Spoken.Segment(1, 12, 15, " The market is near the station."),
        ];
        EchoDetection.Drop(audio, segments, []);

        Assert.Equal([0, 1], segments.Select(segment => segment.Channel!.Value));
    }

    [Fact]
    public void Echo_on_every_other_channel_is_dropped()
    {
        var (kept, dropped) = Drop([0.004, 0.5, 0.04], [.. Enumerable.Range(0, 3).Select(channel => Spoken.Segment(channel, 2, 5, Sentence))]);

        Assert.Equal(1, Assert.Single(kept).Channel);
        Assert.Equal(2, dropped.Count);
    }

    [Fact]
    public void One_of_two_that_are_echoes_of_each_other_stays()
    {
        // Louder on the right where the sentence begins, louder on the left where it ends, and cut so that both look like echoes.
        using var audio = Spoken.Tones(0.5, 0.5);
        var half = (int)(4.5 * PcmAudio.SampleRate);
        audio.Channels[0].Samples[..half].Clear();
        audio.Channels[1].Samples[half..].Clear();
        List<Segment> segments =
        [
            Spoken.Segment(0, 2, 5, Sentence), Spoken.Segment(1, 2, 4.4, " The train to Chicago leaves"), Spoken.Segment(1, 4.6, 6, " from platform nineteen."),
        ];
        EchoDetection.Drop(audio, segments, []);

        Assert.Contains(segments, segment => segment.Text.Contains("platform", StringComparison.Ordinal));
        Assert.Contains(segments, segment => segment.Text.Contains("Chicago", StringComparison.Ordinal));
    }

    [Fact]
    public void Dropped_echo_says_why_and_how_loud_it_was()
    {
        var drop = Assert.Single(Drop([0.5, 0.05], Spoken.Segment(0, 2, 5, Sentence), Spoken.Segment(1, 2, 5, Sentence)).Dropped);

        Assert.Equal(DropReasons.Echo, drop.Reasons);
        Assert.Equal(20 * Math.Log10(0.05 / Math.Sqrt(2)), drop.Loudness, 0.01);
        Assert.Equal(double.NaN, drop.SpeechProbability);
    }

    [Fact]
    public void Segments_beyond_the_audio_are_no_trouble()
    {
        var (kept, dropped) = Drop([0.5, 0.05], Spoken.Segment(0, 28, 40, Sentence), Spoken.Segment(1, 28, 40, Sentence), Spoken.Segment(1, 50, 60, Sentence));

        Assert.Equal([0, 1], kept.Select(segment => segment.Channel!.Value));
        Assert.Single(dropped);
    }

    [Theory]
    [InlineData("", "", 0, 0)]
    [InlineData("abc", "", 3, 3)]
    [InlineData("", "abc", 3, 0)]
    [InlineData("kitten", "sitting", 3, 2)]
    [InlineData("needle", "a needle in hay", 9, 0)]
    [InlineData("needles", "a needle in hay", 9, 1)]
    [InlineData("abc", "xyz", 3, 3)]
    public void Edit_distance_counts_letters(string text, string other, int whole, int within)
    {
        Assert.Equal(whole, EditDistance.Whole(text, other));
        Assert.Equal(within, EditDistance.Within(text, other));
    }

    static (List<Segment> Kept, List<DroppedSegment> Dropped) Drop(double[] amplitudes, params Segment[] segments)
    {
        using var audio = Spoken.Tones(amplitudes);
        List<Segment> kept = [.. segments.OrderBy(segment => segment.Start)];
        List<DroppedSegment> dropped = [];
        EchoDetection.Drop(audio, kept, dropped);
        return (kept, dropped);
    }
}
