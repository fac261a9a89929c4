using TranscriptionApi.Catalog;

namespace TranscriptionApi.Tests.Catalog;

public sealed class ModelCommandsTests : IDisposable
{
    readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task List_shows_what_is_here_and_what_can_be_pulled()
    {
        _folder.WriteModel("models/ggml-tiny.bin");
        var (code, output, _) = await RunAsync("models", "list");
        Assert.Equal(0, code);
        var half = output.IndexOf("Can be pulled", StringComparison.Ordinal);
        var (here, there) = (output[..half], output[half..]);
        Assert.Contains("  demo ", here);
        Assert.Contains("(default)", here);
        Assert.Contains("  tiny ", here);
        Assert.Contains("  base.en ", there);
        Assert.DoesNotContain("  tiny ", there);
    }

    [Fact]
    public async Task Pull_of_an_unknown_model_names_those_that_exist()
    {
        var (code, _, error) = await RunAsync("models", "pull", "enormous");
        Assert.Equal(1, code);
        Assert.Contains("'enormous'", error);
        Assert.Contains("base.en", error);
    }

    [Theory]
    [InlineData("foo")]
    [InlineData("ftp://127.0.0.1")]
    [InlineData("file:///tmp")]
    public async Task Pull_from_what_is_no_address_is_refused_in_one_line(string address)
    {
        var (code, _, error) = await RunAsync("models", "pull", "base.en", "--from", address);
        Assert.Equal(1, code);
        Assert.StartsWith("Models:DownloadBase", error);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("tiny")]
    [InlineData("demo")]
    public async Task Pull_of_a_model_that_is_here_says_so(string name)
    {
        _folder.WriteModel("models/ggml-tiny.bin");
        var (code, output, _) = await RunAsync("models", "pull", name);
        Assert.Equal(0, code);
        Assert.Contains("already here", output);
    }

    [Fact]
    public async Task Pull_of_a_file_that_is_not_the_published_one_fails()
    {
        await using var mirror = await ModelMirror.StartAsync(new byte[1_000_000]);
        var (code, output, error) = await RunAsync("models", "pull", "tiny", "--from", mirror.Address.GetLeftPart(UriPartial.Authority));
        Assert.Equal(1, code);
        Assert.Contains("100 % of 1.0 MiB", output);
        Assert.Contains("bd577a113a864445d4c299885e0cb97d4ba92b5f", error);
        Assert.False(File.Exists(_folder["models/ggml-tiny.bin"]));
    }

    [Fact]
    public async Task Remove_deletes_a_pulled_model_and_what_an_interrupted_pull_left()
    {
        _folder.WriteModel("models/ggml-tiny.bin");
        _folder.WriteModel("models/ggml-base.bin.part");
        Assert.Equal(0, (await RunAsync("models", "remove", "openai/whisper-tiny")).Code);
        Assert.Equal(0, (await RunAsync("models", "remove", "base")).Code);
        Assert.Empty(Directory.EnumerateFiles(_folder["models"]));
    }

    [Theory]
    [InlineData("demo")]
    [InlineData("small")]
    [InlineData("../../etc/passwd")]
    public async Task Remove_touches_nothing_else(string name)
    {
        Assert.Equal(1, (await RunAsync("models", "remove", name)).Code);
        Assert.NotNull(new ModelCatalog(new ModelOptions(), _folder.Path).Find("demo"));
    }

    [Fact]
    public async Task A_verb_is_needed()
    {
        var (code, output, error) = await RunAsync("models");
        Assert.NotEqual(0, code);
        Assert.Contains("pull", output + error);
    }

    async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await ModelCommands.RunAsync([.. args, "--data-folder", _folder.Path], output, error, isTerminal: false);
        return (code, output.ToString(), error.ToString());
    }
}
