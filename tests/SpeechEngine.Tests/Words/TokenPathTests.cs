using SpeechEngine.Model;
using SpeechEngine.Tests.Loading;
using SpeechEngine.Words;

namespace SpeechEngine.Tests.Words;

/// <summary>Where words are put in made-up sound, with and without help from the heads.</summary>
public sealed unsafe class TokenPathTests : IDisposable
{
    const int Positions = 200;

    readonly AlignmentScratch _scratch = new(new ModelWriter().Shape);

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Sound_alone_gives_each_word_time_for_its_letters()
    {
        var places = Find(Axis((40, 100)), 2, 4, 6);

        Assert.InRange(places[0], 0, 1);
        Assert.InRange(places[1], 9, 12);
        Assert.InRange(places[2], 29, 33);
        Assert.InRange(places[3], 59, 62);
    }

    [Fact]
    public void No_word_lies_on_both_sides_of_a_pause()
    {
        var axis = Axis((20, 45), (80, 115));

        var places = Find(axis, 3, 3, 3, 3);

        var border = Assert.Single(places[1..^1], place => axis.StartOf(place) > axis.EndOf(place));
        Assert.InRange(axis.EndOf(border), 45, 46);
        Assert.InRange(axis.StartOf(border), 79, 80);
    }

    [Fact]
    public void What_the_heads_heard_moves_the_words()
    {
        var axis = Axis((0, 120));
        var alone = Find(axis, 4, 4, 4);
        for (var position = 0; position < Positions; position++)
        {
            Row(0)[position] = position < 25 ? 3f : -1f;
            Row(1)[position] = position is >= 25 and < 90 ? 3f : -1f;
            Row(2)[position] = position >= 90 ? 3f : -1f;
        }

        var heard = Find(axis, 4, 4, 4);

        Assert.InRange(alone[1], 38, 42);
        Assert.InRange(heard[1], 24, 26);
        Assert.InRange(heard[2], 89, 91);
    }

    [Fact]
    public void Any_numbers_of_tokens_and_positions_give_an_ascending_path()
    {
        var random = new Random(8);
        for (var round = 0; round < 60; round++)
        {
            var start = random.Next(0, 150);
            var axis = Axis((start, start + random.Next(1, 50)));
            var lengths = Enumerable.Range(0, random.Next(1, 60)).Select(_ => random.Next(3) == 0 ? 0f : random.NextSingle() * 12).ToArray();
            for (var i = 0; i < lengths.Length; i++)
            {
                Widths(Positions, round + i).CopyTo(new Span<float>(Row(i), Positions));
            }

            var places = Find(axis, lengths);

            Assert.All(places, place => Assert.InRange(place, 0, axis.Count));
            Assert.All(places.Zip(places.Skip(1)), pair => Assert.True(pair.First <= pair.Second));
        }
    }

    [Fact]
    public void Silence_noise_and_no_contrast_leave_something_to_put_words_on()
    {
        var silence = new float[Positions * SoundAxis.Step];
        Assert.Equal(Positions, SoundAxis.Find(silence, Positions, [(0, Positions)]).Count);
        Assert.Equal(Positions, SoundAxis.Find([], Positions, [(0, Positions)]).Count);
        Assert.Equal(Positions, SoundAxis.Find(silence, Positions, [(900, 900)]).Count);
        Assert.Equal(60, SoundAxis.Find(silence, Positions, [(50, 60)]).Count);
    }

    [Fact]
    public void Pauses_are_left_out_and_closures_are_not()
    {
        var axis = Axis((30, 60), (63, 80), (120, 150));

        Assert.InRange(axis.Positions[0], 29, 30);
        Assert.InRange(axis.Count, 80, 84);
        Assert.Contains(61, axis.Positions.ToArray());
        Assert.DoesNotContain(100, axis.Positions.ToArray());
        Assert.Single(axis.SplitCosts, cost => cost > 0);
    }

    [Fact]
    public void Steady_noise_is_not_sound()
    {
        var random = new Random(4);
        var samples = new float[Positions * SoundAxis.Step];
        for (var i = 0; i < samples.Length; i++)
        {
            var speech = i / SoundAxis.Step is >= 60 and < 120 ? 0.3f * MathF.Sin(i * 0.2f) : 0f;
            samples[i] = speech + ((random.NextSingle() - 0.5f) * 0.05f);
        }

        var axis = SoundAxis.Find(samples, Positions, [(0, Positions)]);

        Assert.InRange(axis.Positions[0], 58, 60);
        Assert.InRange(axis.Positions[^1], 119, 121);
    }

    float* Row(int row) => _scratch.Matrix + ((long)(row + 1) * AlignmentScratch.RowStride);

    int[] Find(SoundAxis axis, params float[] lengths)
    {
        var places = new int[lengths.Length + 1];
        TokenPath.Find(_scratch, 1, [.. lengths.Select(length => new PlacedToken(length, StartsWord: true))], axis, places);
        return places;
    }

    static float[] Widths(int count, int seed) => Kernels.Widths.Random(count, seed, 2);

    /// <summary>The axis of a tone that sounds at the given positions, within silence.</summary>
    static SoundAxis Axis(params (int From, int To)[] sounds)
    {
        var samples = new float[Positions * SoundAxis.Step];
        foreach (var (from, to) in sounds)
        {
            for (var i = from * SoundAxis.Step; i < to * SoundAxis.Step; i++)
            {
                samples[i] = 0.3f * MathF.Sin(i * 0.2f);
            }
        }

        return SoundAxis.Find(samples, Positions, [(0, Positions)]);
    }
}
