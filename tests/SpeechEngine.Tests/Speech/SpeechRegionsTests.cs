using SpeechEngine.Speech;
using SpeechEngine.Speech.Silero;

namespace SpeechEngine.Tests.Speech;

/// <summary>Probabilities are written as one character per step of 32 ms: '#' speech (0.9), '-' between the thresholds (0.4), '.' silence.</summary>
public sealed class SpeechRegionsTests
{
    const int Step = 512;

    static readonly SpeechDetectionOptions Bare = new() { Padding = TimeSpan.Zero };

    [Fact]
    public void Regions_of_a_recording_are_those_of_whisper_cpp()
    {
        using var detector = SileroDetector.Load(TestFiles.Shared("models", "silero-v6.2.0-ggml.bin"));
        using var audio = Recording.Read(TestFiles.Shared("models", "jfk.wav"));
        var probabilities = detector.Detect(audio.Samples, TestContext.Current.CancellationToken);

        var padded = SpeechRegions.Find(probabilities, new SpeechDetectionOptions(), audio.SampleCount);
        var bare = SpeechRegions.Find(probabilities, Bare, audio.SampleCount);

        // whisper.cpp's last region ends at 10.62 s too.
        (int, int)[] centiseconds = [(32, 227), (327, 441), (538, 768), (816, 1062)];
        Assert.Equal(centiseconds, padded.Select(region => (Centiseconds(region.Start), Centiseconds(region.End))));
        Assert.Equal([(5632, 35840), (52736, 70144), (86528, 122368), (131072, 169472)], bare.Select(region => (region.Start, region.End)));

        static int Centiseconds(int sample) => (int)((sample / 16000.0 * 100) + 0.5);
    }

    [Theory]
    [InlineData("nothing", "....................", "")]
    [InlineData("one stretch", "....##########......", "4-14")]
    [InlineData("to the end", "....################", "4-20")]
    [InlineData("from the beginning", "##########..........", "0-10")]
    [InlineData("between the thresholds speech goes on", "..#----------#......", "2-14")]
    [InlineData("between the thresholds it does not begin", "..----------........", "")]
    [InlineData("a short pause does not end it", "..#####..#####......", "2-14")]
    [InlineData("a pause that reaches the shortest ends it, and is bridged", "..#########......#########.....", "2-26")]
    [InlineData("a pause of 200 ms and more stays", "..#########.......#########.....", "2-11,18-27")]
    [InlineData("values between the thresholds do not interrupt a pause", "..##########..--.......", "2-12")]
    [InlineData("too short", "....#######.........", "")]
    [InlineData("long enough", "....########........", "4-12")]
    [InlineData("too short, at the end", "................####", "")]
    [InlineData("too short ones are dropped before bridging", "..####......####......####..", "")]
    public void Each_rule_is_kept(string rule, string probabilities, string expected)
    {
        var regions = SpeechRegions.Find(Of(probabilities), Bare, probabilities.Length * Step);

        Assert.True(
            expected == string.Join(',', regions.Select(region => $"{region.Start / Step}-{region.End / Step}")),
            $"{rule}: {string.Join(", ", regions)}");
    }

    [Fact]
    public void Padding_is_added_and_shared_where_the_pause_is_short()
    {
        var options = new SpeechDetectionOptions { Padding = TimeSpan.FromMilliseconds(150) };
        var probabilities = Of("..##########........##########...................##########.");

        var regions = SpeechRegions.Find(probabilities, options, 60 * Step);

        // The pause of 8 steps (256 ms) is shorter than two paddings; start and end of the recording are closer than one.
        Assert.Equal([new SpeechRegion(0, 16 * Step), new SpeechRegion(16 * Step, (30 * Step) + 2400), new SpeechRegion((49 * Step) - 2400, 60 * Step)], regions);
    }

    [Fact]
    public void Nothing_reaches_beyond_the_recording()
    {
        const int Samples = (19 * Step) + 100;

        var region = Assert.Single(SpeechRegions.Find(Of("....################"), new SpeechDetectionOptions(), Samples));

        Assert.Equal(Samples, region.End);
    }

    [Fact]
    public void A_long_stretch_is_cut_at_its_best_pause_and_loses_nothing()
    {
        var options = Bare with { MaximumLength = TimeSpan.FromSeconds(2) };
        var text = new string('#', 42) + "...." + new string('#', 50);

        var regions = SpeechRegions.Find(Of(text), options, text.Length * Step);

        Assert.Equal(2, regions.Count);
        Assert.Equal((0, text.Length * Step), (regions[0].Start, regions[1].End));
        Assert.Equal(regions[0].End, regions[1].Start);
        Assert.InRange(regions[0].End, 42 * Step, 46 * Step);
    }

    [Fact]
    public void Speech_without_any_pause_is_cut_at_the_longest_length_and_leaves_no_crumb()
    {
        var options = Bare with { MaximumLength = TimeSpan.FromSeconds(2) };
        var text = new string('#', 126);

        var regions = SpeechRegions.Find(Of(text), options, text.Length * Step);

        Assert.Equal([32000, 28512, 4000], regions.Select(region => region.Length));
    }

    [Fact]
    public void Whatever_the_probabilities_are_regions_are_ordered_apart_inside_and_of_the_asked_lengths()
    {
        var random = new Random(7);
        for (var round = 0; round < 2000; round++)
        {
            var step = random.Next(2) == 0 ? 160 : 512;
            var values = new float[random.Next(400)];
            var value = 0.5;
            for (var i = 0; i < values.Length; i++)
            {
                value = Math.Clamp(value + ((random.NextDouble() - 0.5) * 0.6), 0, 1);
                values[i] = (float)value;
            }

            var samples = Math.Max((values.Length * step) - random.Next(step), 0);
            var options = new SpeechDetectionOptions
            {
                Threshold = random.NextDouble(),
                MinimumSpeech = TimeSpan.FromMilliseconds(random.Next(500)),
                MinimumSilence = TimeSpan.FromMilliseconds(random.Next(500)),
                Padding = TimeSpan.FromMilliseconds(random.Next(400)),
                MaximumLength = TimeSpan.FromSeconds(1 + random.Next(5)),
            };

            var regions = SpeechRegions.Find(new SpeechProbabilities(values, step), options, samples);

            var end = 0;
            foreach (var region in regions)
            {
                Assert.InRange(region.Start, end, samples);
                Assert.InRange(region.End, region.Start + 1, samples);
                Assert.InRange(region.Length, Math.Min(SpeechRegions.Samples(options.MinimumSpeech), 4000), SpeechRegions.Samples(options.MaximumLength));
                end = region.End;
            }
        }
    }

    [Fact]
    public void Meaningless_options_are_refused()
    {
        SpeechDetectionOptions[] wrong =
        [
            new() { Threshold = 1.5 },
            new() { Threshold = double.NaN },
            new() { MinimumSpeech = TimeSpan.FromSeconds(-1) },
            new() { MinimumSilence = TimeSpan.FromSeconds(-1) },
            new() { Padding = TimeSpan.FromSeconds(-1) },
            new() { MaximumLength = TimeSpan.FromSeconds(31) },
            new() { MaximumLength = TimeSpan.Zero },
        ];

        Assert.All(wrong, options => Assert.Throws<ArgumentException>(() => SpeechRegions.Find(Of("..."), options, 3 * Step)));
    }

    [Fact]
    public void Means_shares_and_maxima_count_what_is_covered()
    {
        var probabilities = new SpeechProbabilities([0f, 1f, 0.5f], 100);

        Assert.Equal(0.5, probabilities.Mean(0, 300), 9);
        Assert.Equal(100 / 175d, probabilities.Mean(25, 200), 9);
        Assert.Equal(0.5, probabilities.Mean(50, 150), 9);
        Assert.Equal(0, probabilities.Mean(300, 400));
        Assert.Equal(0.5, probabilities.Mean(250, 1000), 9);
        Assert.Equal(2 / 3d, probabilities.Share(0, 300, 0.5), 9);
        Assert.Equal(0.5f, probabilities.Largest(200, 300));
        Assert.Equal(1f, probabilities.Largest(199, 300));
        Assert.Equal(0f, probabilities.Largest(50, 50));
    }

    static SpeechProbabilities Of(string text) =>
        new([.. text.Select(step => step switch { '#' => 0.9f, '-' => 0.4f, _ => 0.05f })], Step);
}
