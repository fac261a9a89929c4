using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TranscriptionApi.Catalog;

/// <summary>One model of models/manifest.json: known by name, whether or not its file is on this machine.</summary>
sealed record ManifestModel
{
    public required string Name { get; init; }

    public required string File { get; init; }

    public required IReadOnlyList<string> Aliases { get; init; }

    public required string OwnedBy { get; init; }

    /// <summary>Language codes, or "multilingual" for all that Whisper knows.</summary>
    public required string Languages { get; init; }

    /// <summary>Comes with the program and cannot be pulled.</summary>
    public bool Bundled { get; init; }

    /// <summary>Size as its publisher states it, rounded, for example "142 MiB".</summary>
    public required string Size { get; init; }

    /// <summary>Exact size where it is known.</summary>
    public long? Bytes { get; init; }

    public string? Sha1 { get; init; }

    public string? Sha256 { get; init; }

    /// <summary>The exact size, or what <see cref="Size"/> comes to.</summary>
    [JsonIgnore]
    public long ApproximateBytes => Bytes ?? ParseSize(Size);

    /// <summary>No file of this model can be larger: published sizes have two digits, so they are off by less than 5 %.</summary>
    [JsonIgnore]
    public long MaxBytes => Bytes ?? (ApproximateBytes / 100 * 105);

    static long ParseSize(string size)
    {
        var (number, unit) = size.Split(' ') is [var first, var second] ? (first, second) : ("", "");
        var scale = unit switch { "MiB" => 1L << 20, "GiB" => 1L << 30, _ => 0 };
        return scale > 0 && double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            ? (long)(value * scale)
            : throw new InvalidDataException($"'{size}' in the model manifest is not a size such as '142 MiB'.");
    }
}

/// <summary>The models this program knows by name. Part of the program itself, so it is there whatever folder models are read from.</summary>
sealed record ModelManifest
{
    public required IReadOnlyList<ManifestModel> Models { get; init; }

    public static ModelManifest BuiltIn { get; } = Load();

    /// <summary>The known model a name stands for, or null.</summary>
    public ManifestModel? Find(string name) =>
        Models.FirstOrDefault(model => IsName(model.Name, name))
        ?? Models.FirstOrDefault(model => AliasesOf(model).Any(alias => IsName(alias, name)));

    /// <summary>Every further name of a model: those listed, and those of its file.</summary>
    public static IEnumerable<string> AliasesOf(ManifestModel model) =>
        [.. model.Aliases, model.File, Path.GetFileNameWithoutExtension(model.File)];

    static bool IsName(string known, string asked) => string.Equals(known, asked, StringComparison.OrdinalIgnoreCase);

    static ModelManifest Load()
    {
        using var stream = typeof(ModelManifest).Assembly.GetManifestResourceStream("models.manifest.json")
            ?? throw new InvalidOperationException("The program was built without its model manifest.");
        return JsonSerializer.Deserialize(stream, ManifestJson.Default.ModelManifest)
            ?? throw new InvalidDataException("The model manifest is empty.");
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ModelManifest))]
sealed partial class ManifestJson : JsonSerializerContext;
