using System.Security.Cryptography;
using TranscriptionApi.Catalog;

namespace TranscriptionApi.Tests.Catalog;

public sealed class ModelManifestTests
{
    static IReadOnlyList<ManifestModel> Models => ModelManifest.BuiltIn.Models;

    [Fact]
    public void No_name_stands_for_two_models()
    {
        var names = Models
            .SelectMany(model => ModelManifest.AliasesOf(model).Append(model.Name))
            .Concat(ModelCatalog.OpenAiNames)
            .ToList();
        Assert.Equal(names.Count, names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    [Fact]
    public void Every_model_has_a_hash_and_a_size()
    {
        Assert.All(Models, model =>
        {
            Assert.Matches("^[0-9a-f]+$", model.Sha256 ?? model.Sha1);
            Assert.Equal(model.Sha256 is null ? 40 : 64, (model.Sha256 ?? model.Sha1)!.Length);
            Assert.InRange(model.ApproximateBytes, 10_000_000, 4_000_000_000);
            Assert.InRange(model.MaxBytes, model.ApproximateBytes, model.ApproximateBytes * 11 / 10);
            Assert.StartsWith("ggml-", model.File);
            Assert.Equal(model.File, Path.GetFileName(model.File));
        });
    }

    [Fact]
    public void The_bundled_file_is_the_one_the_manifest_describes()
    {
        var demo = Assert.Single(Models, model => model.Bundled);
        var bytes = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "models", demo.File));
        Assert.Equal(demo.Bytes, bytes.Length);
        Assert.Equal(demo.Sha256, Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    [Theory]
    [InlineData("base.en", "base.en")]
    [InlineData("BASE.EN", "base.en")]
    [InlineData("ggml-base.en", "base.en")]
    [InlineData("ggml-base.en.bin", "base.en")]
    [InlineData("openai/whisper-base.en", "base.en")]
    [InlineData("Systran/faster-whisper-base.en", "base.en")]
    [InlineData("systran/faster-whisper-LARGE-v3", "large-v3")]
    [InlineData("large", "large-v3")]
    [InlineData("turbo", "large-v3-turbo")]
    [InlineData("large-v3-turbo-q5_0", "large-v3-turbo-q5_0")]
    public void A_model_is_known_by_every_usual_name(string asked, string expected) =>
        Assert.Equal(expected, ModelManifest.BuiltIn.Find(asked)?.Name);

    [Theory]
    [InlineData("")]
    [InlineData("base.e")]
    [InlineData("../base.en")]
    [InlineData("whisper-1")]
    public void Other_names_are_unknown(string asked) => Assert.Null(ModelManifest.BuiltIn.Find(asked));
}
