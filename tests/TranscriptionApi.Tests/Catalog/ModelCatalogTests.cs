using TranscriptionApi.Catalog;

namespace TranscriptionApi.Tests.Catalog;

public sealed class ModelCatalogTests : IDisposable
{
    readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_bundled_model_is_there_and_is_the_default()
    {
        var catalog = new ModelCatalog(new ModelOptions(), _folder.Path);
        var demo = Assert.Single(catalog.Present);
        Assert.Equal("demo", demo.Id);
        Assert.Equal("transcription-api", demo.OwnedBy);
        Assert.True(File.Exists(demo.Path));
        Assert.Equal(demo.Id, catalog.Default?.Id);
    }

    [Theory]
    [InlineData("whisper-1")]
    [InlineData("gpt-4o-transcribe")]
    [InlineData("gpt-4o-mini-transcribe")]
    [InlineData("gpt-4o-mini-transcribe-2025-12-15")]
    [InlineData("gpt-transcribe")]
    [InlineData("Whisper-1")]
    public void OpenAI_names_mean_the_default_model(string name)
    {
        Assert.Equal("demo", Catalog().Find(name)?.Id);
        _folder.WriteModel("models/ggml-base.en.bin");
        Assert.Equal("base.en", Catalog(defaultModel: "base.en").Find(name)?.Id);
    }

    [Fact]
    public void Every_alias_of_every_model_finds_it_once_its_file_is_there()
    {
        foreach (var model in ModelManifest.BuiltIn.Models.Where(model => !model.Bundled))
        {
            Assert.Null(Catalog().Find(model.Name));
            _folder.WriteModel($"models/{model.File}");
        }

        var catalog = Catalog();
        Assert.All(ModelManifest.BuiltIn.Models, model =>
            Assert.All(ModelManifest.AliasesOf(model).Append(model.Name), name =>
            {
                Assert.Equal(model.Name, catalog.Find(name)?.Id);
                Assert.Equal(model.Name, catalog.Find(name.ToUpperInvariant())?.Id);
            }));
    }

    [Fact]
    public void A_default_may_be_named_by_an_alias_and_comes_first()
    {
        _folder.WriteModel("models/ggml-large-v3.bin");
        var catalog = Catalog(defaultModel: "large");
        Assert.Equal(["large-v3", "demo"], catalog.Present.Select(model => model.Id));
        Assert.Contains("whisper-1", catalog.Present[0].Aliases);
        Assert.DoesNotContain("whisper-1", catalog.Present[1].Aliases);
    }

    [Fact]
    public void No_other_model_stands_in_for_a_missing_default()
    {
        var catalog = Catalog(defaultModel: "base.en");
        Assert.Null(catalog.Default);
        Assert.Null(catalog.Find("whisper-1"));
        Assert.Equal("demo", catalog.Find("demo")?.Id);
    }

    [Fact]
    public void A_file_that_arrives_later_is_offered_without_a_restart()
    {
        var catalog = Catalog();
        Assert.Null(catalog.Find("tiny"));
        _folder.WriteModel("models/ggml-tiny.bin");
        Assert.Equal(_folder["models/ggml-tiny.bin"], catalog.Find("tiny")?.Path);
        File.Delete(_folder["models/ggml-tiny.bin"]);
        Assert.Null(catalog.Find("tiny"));
    }

    [Fact]
    public void A_model_nobody_listed_is_offered_under_its_file_name()
    {
        _folder.WriteModel("models/ggml-my-clinic.bin");
        _folder.WriteModel("models/plain.bin");
        _folder.WriteModel("models/ggml-distil-large-v3.bin", vocabulary: 51866, mels: 128);
        var catalog = Catalog();
        Assert.Equal("my-clinic", catalog.Find("my-clinic")?.Id);
        Assert.Equal("my-clinic", catalog.Find("ggml-my-clinic.bin")?.Id);
        Assert.Equal("local", catalog.Find("plain")?.OwnedBy);
        Assert.Equal("distil-large-v3", catalog.Find("Systran/faster-distil-whisper-large-v3")?.Id);
        Assert.Equal("distil-large-v3", catalog.Find("distil-whisper/distil-large-v3")?.Id);
    }

    [Fact]
    public void Files_that_are_no_whisper_models_are_not_offered()
    {
        _folder.WriteModel("models/ggml-other.bin", magic: 0x46554747);
        _folder.WriteModel("models/ggml-text.bin", vocabulary: 32_000);
        _folder.WriteModel("models/ggml-odd.bin", mels: 64);
        _folder.WriteModel("models/ggml-small.bin.part");
        // Silero's weights: ggml's magic number, then the length of a name and the name.
        File.WriteAllBytes(_folder["models/ggml-silero.bin"], [.. "lmgg\n\0\0\0silero-16k"u8, .. new byte[64]]);
        File.WriteAllBytes(_folder["models/ggml-tiny.bin"], [1, 2, 3]);
        Assert.Equal(["demo"], Catalog().Present.Select(model => model.Id));
    }

    [Fact]
    public void A_pulled_file_replaces_the_bundled_one_of_the_same_name()
    {
        _folder.WriteModel("models/ggml-demo-q8_0.bin");
        Assert.Equal(_folder["models/ggml-demo-q8_0.bin"], Catalog().Find("demo")?.Path);
    }

    [Fact]
    public void The_folder_of_bundled_models_can_be_another()
    {
        _folder.WriteModel("own/ggml-tiny.bin");
        var catalog = new ModelCatalog(new ModelOptions { Folder = _folder["own"], Default = "tiny" }, _folder.Path);
        Assert.Equal(["tiny"], catalog.Present.Select(model => model.Id));
    }

    [Fact]
    public void Settings_that_cannot_work_are_refused_by_name()
    {
        Assert.True(new ModelOptionsValidator().Validate(null, new ModelOptions()).Succeeded);
        Assert.Contains("Models:Default", Refusal(new ModelOptions { Default = "whisper-1" }));
        Assert.Contains("Models:DownloadBase", Refusal(new ModelOptions { DownloadBase = "ftp://example.org" }));
        Assert.Contains("Folder", Refusal(new ModelOptions { Folder = "" }));
    }

    static string Refusal(ModelOptions options) => new ModelOptionsValidator().Validate(null, options).FailureMessage ?? "";

    ModelCatalog Catalog(string defaultModel = "demo") => new(new ModelOptions { Default = defaultModel }, _folder.Path);
}
