using System.Text;
using TranscriptionApi.Commands;
using TranscriptionApi.Tests.Catalog;

namespace TranscriptionApi.Tests.Commands;

public sealed class QuantizeCommandTests : IDisposable
{
    readonly TestFolder _folder = new();

    string Source => _folder["models/ggml-small-f16.bin"];

    string Target => _folder["out.bin"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("path")]
    [InlineData("small-f16")]
    [InlineData("ggml-small-f16.bin")]
    public async Task A_file_or_a_model_is_written_smaller_and_both_sizes_are_told(string source)
    {
        WriteModel();
        var (code, output, error) = await RunAsync(source == "path" ? Source : source, Target, "q5_0");
        Assert.Equal(0, code);
        Assert.EndsWith("100 %\n", error);
        Assert.Matches(@"models/ggml-small-f16\.bin: \d+\.\d MiB -> .*out\.bin: \d+\.\d MiB \(q5_0\)", output);
        Assert.InRange(new FileInfo(Target).Length, 1, new FileInfo(Source).Length - 1);
        Assert.Equal(2008, BitConverter.ToInt32(File.ReadAllBytes(Target), 44));
    }

    [Theory]
    [InlineData("nowhere", "no model and no file 'nowhere'", 1)]
    [InlineData("../../etc", "no model and no file '../../etc'", 1)]
    [InlineData("demo", "already quantised", 2)]
    [InlineData("text", "byte 0 holds", 2)]
    public async Task A_source_that_cannot_be_used_is_named(string source, string message, int expected)
    {
        File.WriteAllText(_folder["text"], "This is a text file, not a model.");
        var (code, output, error) = await RunAsync(source == "text" ? _folder["text"] : source, Target, "q8_0");
        Assert.Equal(expected, code);
        Assert.Contains(message, error);
        Assert.Empty(output);
        Assert.False(File.Exists(Target));
    }

    [Fact]
    public async Task A_target_that_is_there_stays_without_force()
    {
        WriteModel();
        File.WriteAllText(Target, "precious");
        var (code, _, error) = await RunAsync(Source, Target, "q4_0");
        Assert.Equal(3, code);
        Assert.Contains("--force", error);
        Assert.Equal("precious", File.ReadAllText(Target));

        Assert.Equal(0, (await RunAsync(Source, Target, "q4_0", "--force")).Code);
        Assert.NotEqual("precious", File.ReadAllText(Target));
    }

    [Theory]
    [InlineData("no-such-folder/out.bin")]
    [InlineData("models/ggml-small-f16.bin")]
    public async Task A_target_that_cannot_be_written_is_named(string target)
    {
        WriteModel();
        var before = File.ReadAllBytes(Source);
        var (code, _, error) = await RunAsync(Source, _folder[target], "q4_1", "--force");
        Assert.Equal(3, code);
        Assert.Contains($"Cannot write {_folder[target]}", error);
        Assert.Equal(before, File.ReadAllBytes(Source));
    }

    [Theory]
    [InlineData("q6_k")]
    [InlineData("f16")]
    [InlineData("9")]
    public async Task Another_type_is_refused_with_those_there_are(string type)
    {
        WriteModel();
        var (code, output, error) = await RunAsync(Source, Target, type);
        Assert.Equal(1, code);
        Assert.Contains("q5_1", output + error);
        Assert.False(File.Exists(Target));
    }

    /// <summary>A header, filters, no tokens, and matrices of f16 weights: what quantising looks at.</summary>
    void WriteModel()
    {
        const int Mels = 80, Bins = 201, Columns = 192, Rows = 1920;
        _folder.WriteModel("models/ggml-small-f16.bin");
        using var file = new BinaryWriter(new FileStream(Source, FileMode.Append));
        file.Write(Mels);
        file.Write(Bins);
        file.Write(new byte[Mels * Bins * sizeof(float)]);
        file.Write(0);
        foreach (var name in new[] { "decoder.blocks.0.mlp.0.weight", "decoder.blocks.1.mlp.0.weight" })
        {
            file.Write(2);
            file.Write(name.Length);
            file.Write(1);
            file.Write(Columns);
            file.Write(Rows);
            file.Write(Encoding.ASCII.GetBytes(name));
            for (var i = 0; i < Columns * Rows; i++)
            {
                file.Write((Half)MathF.Sin(i));
            }
        }
    }

    async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await QuantizeCommand.RunAsync(["quantize", .. args, "--data-folder", _folder.Path], output, error);
        return (code, output.ToString(), error.ToString());
    }
}
