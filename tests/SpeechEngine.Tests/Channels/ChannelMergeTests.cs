using SpeechEngine.Channels;

namespace SpeechEngine.Tests.Channels;

public sealed class ChannelMergeTests
{
    [Fact]
    public void Segments_come_in_order_of_time_and_know_their_channel()
    {
        using var audio = Spoken.Tones(0.5, 0.5);

        var merged = ChannelMerge.Merge(
            audio,
            [
                [Spoken.Window(Spoken.Segment(0, 0, 2, " one"), Spoken.Segment(0, 6, 8, " four")), Spoken.Window(Spoken.Segment(0, 9, 10, " six"))],
                [Spoken.Window(Spoken.Segment(1, 1.5, 3, " two"), Spoken.Segment(1, 3, 7, " three")), Spoken.Window(Spoken.Segment(1, 8, 12, " five"))],
            ]);

        Assert.Equal([" one", " two", " three", " four", " five", " six"], merged.Segments.Select(segment => segment.Text));
        Assert.Equal([0, 1, 1, 0, 1, 0], merged.Segments.Select(segment => segment.Channel!.Value));
        Assert.Empty(merged.Dropped);
    }

    [Fact]
    public void What_starts_at_the_same_time_keeps_its_order()
    {
        using var audio = Spoken.Tones(0.5, 0.5, 0.5);

        var merged = ChannelMerge.Merge(
            audio,
            [
                [Spoken.Window(Spoken.Segment(0, 1, 1, " a"), Spoken.Segment(0, 1, 2, " b"))],
                [],
                [Spoken.Window(Spoken.Segment(2, 1, 1, " c"), Spoken.Segment(2, 1, 2, " d"))],
            ]);

        Assert.Equal([" a", " b", " c", " d"], merged.Segments.Select(segment => segment.Text));
    }

    [Fact]
    public void What_a_channel_dropped_itself_stays_dropped_and_knows_its_channel()
    {
        using var audio = Spoken.Tones(0.5, 0.01);
        DroppedSegment Invented(int channel, double start) => new()
        {
            Segment = Spoken.Segment(channel, start, start + 1, " Thank you.") with { Channel = null },
            Reasons = DropReasons.Silence,
            SpeechProbability = 0.1,
            Loudness = -80,
        };

        var merged = ChannelMerge.Merge(
            audio,
            [
                [Spoken.Window(Spoken.Segment(0, 3, 6, " The train leaves at noon.")) with { Dropped = [Invented(0, 12)] }],
                [Spoken.Window(Spoken.Segment(1, 3, 6, " The train leaves at noon.")) with { Dropped = [Invented(1, 1)] }],
            ]);

        Assert.Equal(0, Assert.Single(merged.Segments).Channel);
        Assert.Equal([(1, DropReasons.Silence), (1, DropReasons.Echo), (0, DropReasons.Silence)], merged.Dropped.Select(drop => (drop.Segment.Channel!.Value, drop.Reasons)));
    }

    [Fact]
    public void Single_channel_keeps_everything()
    {
        using var audio = Spoken.Tones(0.5);

        Assert.Equal(2, ChannelMerge.Merge(audio, [[Spoken.Window(Spoken.Segment(0, 0, 2, " Yes."), Spoken.Segment(0, 0, 2, " Yes."))]]).Segments.Count);
    }

    [Fact]
    public void Every_channel_needs_its_transcript()
    {
        using var audio = Spoken.Tones(0.5, 0.5);

        Assert.Throws<ArgumentException>(() => ChannelMerge.Merge(audio, [[]]));
    }
}
