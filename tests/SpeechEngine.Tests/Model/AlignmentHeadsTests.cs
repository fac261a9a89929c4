using SpeechEngine.Model;

namespace SpeechEngine.Tests.Model;

public sealed class AlignmentHeadsTests
{
    [Theory]
    [InlineData(4, 4, 6, 51864, 8)]
    [InlineData(4, 4, 6, 51865, 6)]
    [InlineData(6, 6, 8, 51864, 5)]
    [InlineData(6, 6, 8, 51865, 8)]
    [InlineData(12, 12, 12, 51864, 19)]
    [InlineData(12, 12, 12, 51865, 10)]
    [InlineData(24, 24, 16, 51864, 18)]
    [InlineData(24, 24, 16, 51865, 6)]
    [InlineData(32, 32, 20, 51865, 23)]
    [InlineData(32, 32, 20, 51866, 10)]
    [InlineData(32, 4, 20, 51866, 6)]
    public void Every_official_model_has_openais_number_of_heads(int audioLayers, int textLayers, int heads, int vocabulary, int expected)
    {
        var chosen = AlignmentHeads.Of(Shape(audioLayers, textLayers, heads, vocabulary));

        Assert.Equal(expected, chosen.Length);
        Assert.Equal(expected, chosen.Distinct().Count());
        Assert.All(chosen, head => Assert.True(head.Layer < textLayers && head.Head < heads));
    }

    [Theory]
    [InlineData(4, 3, 3, 51865)]
    [InlineData(32, 2, 20, 51866)]
    [InlineData(12, 4, 12, 51864)]
    public void Other_models_are_heard_with_their_last_layer(int audioLayers, int textLayers, int heads, int vocabulary) =>
        Assert.Equal(
            Enumerable.Range(0, heads).Select(head => new AlignmentHead(textLayers - 1, head)),
            AlignmentHeads.Of(Shape(audioLayers, textLayers, heads, vocabulary)));

    static ModelDimensions Shape(int audioLayers, int textLayers, int heads, int vocabulary) => new()
    {
        Vocabulary = vocabulary,
        AudioContext = 1500,
        AudioState = heads * 64,
        AudioHeads = heads,
        AudioLayers = audioLayers,
        TextContext = 448,
        TextState = heads * 64,
        TextHeads = heads,
        TextLayers = textLayers,
        Mels = vocabulary == 51866 ? 128 : 80,
    };
}
