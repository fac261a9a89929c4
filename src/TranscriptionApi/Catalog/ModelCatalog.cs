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

/// <summary>Which models are on this machine and which names they answer to.</summary>
sealed class ModelCatalog
{
    /// <summary>The models whose files are present, the default one first.</summary>
    public IReadOnlyList<CatalogModel> Present { get; } = [];

    /// <summary>The model that a name stands for, or null when no present model answers to it.</summary>
    public CatalogModel? Find(string name) => Present.FirstOrDefault(model => model.Id == name);
}
