using SpeechEngine.Words;

namespace SpeechEngine.Tests.Words;

public sealed class WordBordersTests
{
    [Fact]
    public void Good_times_stay_and_the_segment_takes_them()
    {
        var segment = Segment(10, 90, (" One", 12, 30), (" two", 30, 50), (" three.", 52, 84));

        WordBorders.Correct([segment]);

        Assert.Equal([12f, 30f, 52f], segment.Words.Select(word => word.Start));
        Assert.Equal([30f, 50f, 84f], segment.Words.Select(word => word.End));
        Assert.Equal((12f, 84f), (segment.Start, segment.End));
    }

    [Fact]
    public void Words_at_the_border_of_a_sentence_lose_what_is_too_long()
    {
        var segment = Segment(0, 700, (" One", 0, 200), (" two", 200, 215), (" four.", 215, 400), (" Five", 400, 580), (" nine", 580, 600), (" ten", 600, 615), (" six", 615, 632), (" and", 632, 650), (" so", 650, 668), (" on.", 668, 690));

        WordBorders.Correct([segment]);

        Assert.InRange(segment.Words[0].Start, 100, 199);
        Assert.Equal(200, segment.Words[0].End);
        Assert.Equal(215, segment.Words[2].Start);
        Assert.InRange(segment.Words[2].End, 216, 350);
        Assert.InRange(segment.Words[3].Start, 450, 579);
    }

    [Fact]
    public void The_segments_own_time_wins_over_a_word_far_outside()
    {
        var segment = Segment(100, 200, (" Representatives", 60, 130), (" met", 130, 160), (" international", 170, 240));

        WordBorders.Correct([segment]);

        Assert.InRange(segment.Words[0].Start, 80, 100);
        Assert.InRange(segment.Words[2].End, 200, 225);
        Assert.Equal((segment.Words[0].Start, segment.Words[2].End), (segment.Start, segment.End));
    }

    [Fact]
    public void Times_ascend_and_end_with_the_audio_whatever_comes_in()
    {
        var random = new Random(5);
        for (var round = 0; round < 300; round++)
        {
            var segments = Enumerable.Range(0, 4).Select(_ => Segment(
                random.Next(-50, 900), random.Next(0, 900),
                [.. Enumerable.Range(0, random.Next(0, 5)).Select(_ => (new[] { " a", " word.", " ♪", "" }[random.Next(4)], random.Next(0, 900), random.Next(0, 900)))])).ToList();

            WordBorders.Correct(segments);

            var last = 0f;
            foreach (var segment in segments.Where(segment => segment.Words.Count > 0))
            {
                Assert.Equal(segment.Start, segment.Words[0].Start);
                foreach (var word in segment.Words)
                {
                    Assert.True(word.Start >= last && word.End >= word.Start);
                    last = word.End;
                }

                Assert.Equal(segment.End, last);
                Assert.InRange(last, 0, 800);
            }
        }
    }

    static TimedSegment Segment(int start, int end, params (string Text, int Start, int End)[] words)
    {
        var segment = new TimedSegment(WordTimestampsTests.Segment("", []), start, end, limit: 800);
        segment.Words.AddRange(words.Select((word, i) => new TimedWord(new WordGroup(i, 1, word.Text)) { Start = word.Start, End = word.End }));
        return segment;
    }
}
