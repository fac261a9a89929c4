using SpeechEngine.Decoding;

namespace SpeechEngine.Tests;

public sealed class LanguagesTests
{
    [Fact]
    public void Codes_and_names_follow_the_token_order()
    {
        Assert.Equal(100, Languages.Count);
        Assert.Equal(0, Languages.IndexOf("en"));
        Assert.Equal(3, Languages.IndexOf("ES"));
        Assert.Equal("yue", Languages.CodeAt(99));
        Assert.Equal("haitian creole", Languages.NameOf("ht"));
        Assert.Equal(-1, Languages.IndexOf("xx"));
    }
}
