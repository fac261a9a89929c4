using SpeechEngine.Speech;

namespace SpeechEngine.Tests.Speech;

public sealed class SpeechWindowsTests
{
    const int Second = 16000;

    static readonly SpeechDetectionOptions Options = new();

    [Fact]
    public void Regions_are_packed_whole_until_the_window_is_full()
    {
        SpeechRegion[] regions = [new(0, 10 * Second), new(12 * Second, 22 * Second), new(23 * Second, 33 * Second), new(40 * Second, 41 * Second)];

        var windows = SpeechWindows.Plan(regions, Options, 60 * Second);

        Assert.Equal([2, 2], windows.Select(window => window.Regions.Count));
        Assert.Equal([(20 * Second) + 3200, (11 * Second) + 3200], windows.Select(window => window.Length));
        Assert.Equal((TimeSpan.FromSeconds(23), TimeSpan.FromSeconds(41)), (windows[1].Start, windows[1].End));
    }

    [Fact]
    public void A_short_pause_stays_whole_and_a_long_one_keeps_its_two_ends()
    {
        SpeechRegion[] regions = [new(1000, 20000), new(23000, 40000), new(80000, 90000)];

        var window = Assert.Single(SpeechWindows.Plan(regions, Options, 100000));

        Assert.Equal([new WindowPiece(1000, 0, 40600), new WindowPiece(78400, 40600, 11600)], window.Pieces);
    }

    [Fact]
    public void A_window_is_filled_from_the_recording_and_blends_where_pieces_meet()
    {
        float[] audio = [.. Enumerable.Range(0, 100000).Select(i => i / 100000f)];
        var window = Assert.Single(SpeechWindows.Plan([new(1000, 40000), new(80000, 90000)], Options, audio.Length));
        var filled = new float[window.Length + 1];
        filled[^1] = 7f;

        Assert.Equal(window.Length, window.CopyTo(audio, filled));

        Assert.Equal(7f, filled[^1]);
        var seam = window.Pieces[1].Offset;
        Assert.Equal(audio[1000..(1000 + seam - 80)], filled[..(seam - 80)]);
        Assert.Equal(audio[78400..90000], filled[seam..^1]);
        for (var i = 1; i < filled.Length - 1; i++)
        {
            // 0.37 apart, the two sides meet in steps of an eightieth.
            Assert.InRange(filled[i] - filled[i - 1], 0f, 0.006f);
        }
    }

    [Fact]
    public void A_time_on_a_seam_begins_what_follows_and_ends_what_went_before()
    {
        var window = Assert.Single(SpeechWindows.Plan([new(0, Second), new(10 * Second, 11 * Second)], Options, 20 * Second));
        var seam = TimeSpan.FromSeconds(1.1);

        Assert.Equal(TimeSpan.FromSeconds(9.9), window.StartOf(seam));
        Assert.Equal(TimeSpan.FromSeconds(1.1), window.EndOf(seam));
    }

    [Fact]
    public void A_word_stays_in_the_region_of_its_middle()
    {
        var window = Assert.Single(SpeechWindows.Plan([new(0, Second), new(10 * Second, 11 * Second)], Options, 20 * Second));

        Assert.Equal((Seconds(0.5), Seconds(1)), window.WordOf(Seconds(0.5), Seconds(1.3)));
        Assert.Equal((Seconds(10), Seconds(10.4)), window.WordOf(Seconds(0.9), Seconds(1.6)));
        Assert.Equal((Seconds(10), Seconds(10)), window.WordOf(Seconds(1.15), Seconds(1.15)));

        static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
    }

    [Fact]
    public void Regions_out_of_order_too_long_or_outside_are_refused()
    {
        SpeechRegion[][] wrong = [[new(0, 31 * Second)], [new(50, 40)], [new(-1, 40)], [new(0, 101 * Second)], [new(100, 200), new(150, 300)]];

        Assert.All(wrong, regions => Assert.Throws<ArgumentException>(() => SpeechWindows.Plan(regions, Options, 100 * Second)));
    }

    [Fact]
    public void Every_sample_of_every_region_is_in_one_window_and_its_time_leads_back()
    {
        var random = new Random(11);
        for (var round = 0; round < 300; round++)
        {
            var (regions, total) = RandomRegions(random);
            var windows = SpeechWindows.Plan(regions, Options, total);

            Assert.Equal(regions, windows.SelectMany(window => window.Regions));
            foreach (var window in windows)
            {
                Assert.InRange(window.Length, 1, 30 * Second);
                foreach (var region in window.Regions)
                {
                    var piece = window.Pieces.Single(piece => piece.Start <= region.Start && region.End <= piece.Start + piece.Length);
                    var at = region.Start - piece.Start + piece.Offset;
                    for (var probe = 0; probe < 5; probe++)
                    {
                        var offset = random.Next(region.Length);
                        Assert.Equal(Time(region.Start + offset), window.StartOf(Time(at + offset)));
                        Assert.Equal(Time(region.Start + offset + 1), window.EndOf(Time(at + offset + 1)));
                    }
                }

                CheckOrder(window, random, total);
            }
        }
    }

    static void CheckOrder(SpeechWindow window, Random random, int total)
    {
        var before = TimeSpan.Zero;
        foreach (var sample in Enumerable.Range(0, 40).Select(_ => random.Next(-100, window.Length + 100)).Order())
        {
            var start = window.StartOf(Time(sample));
            Assert.InRange(start, before, Time(total));
            Assert.InRange(window.EndOf(Time(sample)), TimeSpan.Zero, start);
            before = start;

            // An end after its start never comes before it.
            var later = Time(sample + 1 + random.Next(20000));
            if (sample < window.Length)
            {
                Assert.InRange(window.EndOf(later), start, Time(total));
            }

            var (first, last) = window.WordOf(Time(sample), later);
            Assert.True(first <= last, $"{first} > {last}");
            Assert.Contains(window.Regions, region => Time(region.Start) <= first && last <= Time(region.End));
        }
    }

    static TimeSpan Time(int samples) => new(samples * 625L);

    static (SpeechRegion[] Regions, int Total) RandomRegions(Random random)
    {
        var regions = new List<SpeechRegion>();
        var at = random.Next(3) == 0 ? 0 : random.Next(50000);
        for (var i = random.Next(1, 30); i > 0; i--)
        {
            var length = random.Next(4) == 0 ? random.Next(1, 30 * Second) : random.Next(1, 3 * Second);
            regions.Add(new SpeechRegion(at, at + length));
            at += length + (random.Next(3) == 0 ? random.Next(3200) : random.Next(3) == 0 ? 0 : random.Next(20 * Second));
        }

        return ([.. regions], regions[^1].End + random.Next(1000));
    }
}
