using SpeechEngine.Decoding;
using SpeechEngine.Tests.Loading;

namespace SpeechEngine.Tests.Decoding;

public sealed class SegmentBuilderTests
{
    const int Time = 50364;

    [Fact]
    public void A_character_spread_over_two_segments_stays_whole()
    {
        Assert.Equal(["a", "éb"], Texts([Time, 'a', 0xC3, Time + 50, 0xA9, 'b', Time + 100]));
        Assert.Equal(["a", "日"], Texts([Time, 'a', 0xE6, 0x97, Time + 50, Time + 60, 0xA5, Time + 100]));
        Assert.Equal(["a", "é"], Texts([Time, 'a', 0xC3, Time + 50, Time + 50, 0xA9]));
    }

    [Fact]
    public void Bytes_that_never_become_a_character_are_shown_as_such()
    {
        Assert.Equal(["a\uFFFD"], Texts([Time, 'a', 0xC3, Time + 50]));
        Assert.Equal(["a", "\uFFFDb"], Texts([Time, 'a', 0xC3, Time + 50, Time + 50, 'b', Time + 100]));
        Assert.Equal(["a\uFFFD"], Texts([Time, 'a', 0xC3]));
    }

    [Fact]
    public void The_end_of_text_is_no_token_of_a_segment()
    {
        var segment = Assert.Single(Build([Time, 'a', 'b', 50257]));

        Assert.Equal([Time, 'a', 'b'], segment.Tokens);
        Assert.Equal(3, segment.LogProbabilities.Count);
    }

    static List<string> Texts(int[] tokens) => [.. Build(tokens).Select(segment => segment.Text)];

    static List<Segment> Build(int[] tokens)
    {
        using var file = new TempFile(new ModelWriter { Shape = new ModelWriter().Shape with { TextLayers = 3 } }.Write());
        using var engine = SpeechToText.Load(file.Path, new EngineSettings { Threads = 1 });
        var state = engine.RentState();
        var limits = new WindowLimits(220, 3000, WithTimestamps: true, CutsAtTimestamps: true);
        state.Best.Reset();
        foreach (var token in tokens)
        {
            state.Best.Extend(new DecodedToken(token, token >= Time ? token : Time, -0.1f), in limits);
        }

        var context = new TextContext([], [], remembers: false);
        var request = new WindowRequest(0, [], SpeechTask.Transcribe, context, 0, 3000, new DecodingOptions());
        var result = new WindowResult(0, [], tokens.Length, 200, 0, new WindowScores(-0.1, 1), 0);
        var segments = SegmentBuilder.Build(state, in request, in result);
        engine.ReturnState(state);
        return segments;
    }
}
