using System.Text.Json;
using TranscriptionApi.Errors;
using TranscriptionApi.Uploads;

namespace TranscriptionApi.Transcriptions.Fields;

/// <summary>
/// What a caller wants to find again with a job: names and values of its own, as one field with a JSON object or, as the official clients
/// write objects in forms, as a field metadata[name] for each. The limits are OpenAI's.
/// </summary>
static class Metadata
{
    public const string Field = "metadata";
    public const int MostPairs = 16;
    public const int LongestKey = 64;
    public const int LongestValue = 512;

    public static IReadOnlyDictionary<string, string> Read(FieldValues form)
    {
        var pairs = new Dictionary<string, string>(form.Keyed(Field), StringComparer.Ordinal);
        foreach (var (key, value) in form.Bare(Field) is { } text ? Parse(text) : [])
        {
            pairs[key] = value;
        }

        return pairs.Count > MostPairs ? throw ApiErrors.TooMuchMetadata(MostPairs)
            : pairs.Keys.Any(key => key.Length is 0 or > LongestKey) ? throw ApiErrors.MetadataKeyTooLong(LongestKey)
            : pairs.Values.Any(value => value.Length > LongestValue) ? throw ApiErrors.ValueTooLong(Field, LongestValue)
            : pairs;
    }

    static List<KeyValuePair<string, string>> Parse(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            return json.RootElement.ValueKind == JsonValueKind.Object
                ? [.. json.RootElement.EnumerateObject().Select(pair => KeyValuePair.Create(pair.Name, Text(pair.Value)))]
                : throw ApiErrors.MetadataNotAnObject();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // No JSON, or letters that are none (half of a surrogate pair).
            throw ApiErrors.MetadataNotAnObject();
        }
    }

    static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : throw ApiErrors.MetadataNotAnObject();
}
