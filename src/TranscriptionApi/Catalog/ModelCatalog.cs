using System.Buffers.Binary;

namespace TranscriptionApi.Catalog;

/// <summary>One model whose file is on this machine.</summary>
sealed record CatalogModel
{
    /// <summary>The name the models list shows, for example "base.en".</summary>
    public required string Id { get; init; }

    /// <summary>Full path of the ggml file.</summary>
    public required string Path { get; init; }

    /// <summary>When the file came to this machine.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>Who made the model.</summary>
    public required string OwnedBy { get; init; }

    /// <summary>Further names it answers to.</summary>
    public required IReadOnlyList<string> Aliases { get; init; }
}

/// <summary>
/// Which models are on this machine and which names they answer to. The folders are read on every call (two listings and
/// 48 bytes a file), so a model that was pulled or copied there a moment ago is offered without a restart.
/// </summary>
/// <param name="options">Section "Models".</param>
/// <param name="dataFolder">The folder the server may write to; pulled models are in its "models" folder.</param>
sealed class ModelCatalog(ModelOptions options, string dataFolder)
{
    /// <summary>OpenAI's model names; clients send them unchanged, so all of them mean the default model.</summary>
    public static readonly IReadOnlyList<string> OpenAiNames =
    [
        "whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-4o-mini-transcribe-2025-12-15", "gpt-transcribe",
    ];

    static readonly EnumerationOptions Readable = new() { IgnoreInaccessible = true };

    readonly string _bundledFolder = Path.Combine(AppContext.BaseDirectory, options.Folder);
    readonly string _downloadFolder = DownloadFolder(dataFolder);

    /// <summary>The models whose files are present, the default one first if it is among them: see <see cref="Default"/>.</summary>
    public IReadOnlyList<CatalogModel> Present
    {
        get
        {
            var models = Scan();
            if (Match(models, options.Default) is not { } first)
            {
                return models;
            }

            models.Remove(first);
            return [first with { Aliases = [.. OpenAiNames, .. first.Aliases] }, .. models];
        }
    }

    /// <summary>
    /// The default model, or null when its file is missing. Another model never takes its place:
    /// wrong text from a model nobody chose is worse than an error that names the missing one.
    /// </summary>
    public CatalogModel? Default => Find(options.Default);

    /// <summary>The model that a name stands for, in any case, or null when no present model answers to it.</summary>
    public CatalogModel? Find(string name) => Match(Present, name);

    /// <summary>Where pulled models are kept.</summary>
    public static string DownloadFolder(string dataFolder) => Path.Combine(Path.GetFullPath(dataFolder), "models");

    List<CatalogModel> Scan()
    {
        // Downloads first: a file somebody put there on purpose replaces the one that came with the program.
        var files = new[] { _downloadFolder, _bundledFolder }
            .Where(Directory.Exists)
            .SelectMany(folder => new DirectoryInfo(folder).EnumerateFiles("*.bin", Readable).OrderBy(file => file.Name, StringComparer.Ordinal))
            .Where(HoldsWhisperModel)
            .ToList();
        var listed = ModelManifest.BuiltIn.Models
            .Select(model => (model, file: files.Find(file => file.Name == model.File)))
            .Where(pair => pair.file is not null)
            .Select(pair => Listed(pair.model, pair.file!));
        var others = files
            .Where(file => ModelManifest.BuiltIn.Models.All(model => model.File != file.Name))
            .Select(Unlisted);
        return [.. listed.Concat(others).DistinctBy(model => model.Id, StringComparer.OrdinalIgnoreCase)];
    }

    static CatalogModel Listed(ManifestModel model, FileInfo file) => new()
    {
        Id = model.Name,
        Path = file.FullName,
        Created = file.LastWriteTimeUtc,
        OwnedBy = model.OwnedBy,
        Aliases = [.. ModelManifest.AliasesOf(model)],
    };

    static CatalogModel Unlisted(FileInfo file)
    {
        var bare = Path.GetFileNameWithoutExtension(file.Name);
        var id = bare.StartsWith("ggml-", StringComparison.OrdinalIgnoreCase) && bare.Length > 5 ? bare[5..] : bare;
        string[] distilled = id.StartsWith("distil-", StringComparison.OrdinalIgnoreCase)
            ? [$"distil-whisper/{id}", $"Systran/faster-distil-whisper-{id[7..]}"]
            : [];
        return new CatalogModel
        {
            Id = id,
            Path = file.FullName,
            Created = file.LastWriteTimeUtc,
            OwnedBy = "local",
            Aliases = [.. distilled, file.Name, bare],
        };
    }

    /// <summary>Names win over aliases, so that a file called like another model's alias stays reachable.</summary>
    static CatalogModel? Match(IReadOnlyList<CatalogModel> models, string name) =>
        models.FirstOrDefault(model => string.Equals(model.Id, name, StringComparison.OrdinalIgnoreCase))
        ?? models.FirstOrDefault(model => model.Aliases.Contains(name, StringComparer.OrdinalIgnoreCase));

    /// <summary>
    /// Tells Whisper's ggml files from everything else that ends in .bin (Silero's weights begin with the same magic number)
    /// by the eleven integers every Whisper file starts with. Whether the rest is sound is found out when it is loaded.
    /// </summary>
    static bool HoldsWhisperModel(FileInfo file)
    {
        Span<byte> header = stackalloc byte[48];
        try
        {
            using var stream = file.OpenRead();
            stream.ReadExactly(header);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return false;
        }

        var (magic, vocabulary, mels) = (Field(header, 0), Field(header, 1), Field(header, 10));
        var (audioPositions, textPositions) = (Field(header, 2), Field(header, 6));
        return magic == 0x67676d6c && vocabulary is > 50_000 and < 60_000 && audioPositions == 1500 && textPositions == 448 && mels is 80 or 128;
    }

    static int Field(ReadOnlySpan<byte> header, int index) => BinaryPrimitives.ReadInt32LittleEndian(header[(index * 4)..]);
}
