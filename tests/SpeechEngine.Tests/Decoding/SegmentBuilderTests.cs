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

    static List<string> Texts(int[] tokens)
    {
        using var file = new TempFile(new ModelWriter { Shape = new ModelWriter().Shape with { TextLayers = 3 } }.Write());
        using var engine = SpeechToText.Load(file.Path, new EngineSettings { Threads = 1 });
        var state = engine.RentState();
        for (var i = 0; i < tokens.Length; i++)
        {
            state.Tokens[i] = new DecodedToken(tokens[i], tokens[i] >= Time ? tokens[i] : Time, -0.1f);
        }

        var request = new WindowRequest(0, SpeechTask.Transcribe, [], 3000, 0, new Random(1));
        var result = new WindowResult(0, tokens.Length, 200, true, -0.1, 0);
        var texts = SegmentBuilder.Build(state, in request, in result, 0).Segments.Select(segment => segment.Text).ToList();
        engine.ReturnState(state);
        return texts;
    }
}
