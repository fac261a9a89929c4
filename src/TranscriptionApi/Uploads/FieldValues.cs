using TranscriptionApi.Errors;

namespace TranscriptionApi.Uploads;

/// <summary>The text fields of a form or of a query, by name. An empty value counts as absent.</summary>
class FieldValues
{
    readonly Dictionary<string, List<string>> _values = new(StringComparer.Ordinal);

    // With their brackets: x[17] is the 18th of a list to one field and the name 17 of an object to another.
    readonly List<KeyValuePair<string, string>> _given = [];

    /// <summary>The parameters of a query, under the names that the fields of a form have: x[] and x[0] are x.</summary>
    public static FieldValues OfQuery(IQueryCollection query)
    {
        var values = new FieldValues();
        foreach (var (name, texts) in query)
        {
            foreach (var text in texts)
            {
                values.Add(name, text ?? "");
            }
        }

        return values;
    }

    /// <summary>The value of a field that may be given once; null when it is absent or empty.</summary>
    public string? Single(string name) => All(name) switch
    {
        [] => null,
        [var value] => value,
        _ => throw ApiErrors.RepeatedField(name),
    };

    /// <summary>Every value of a field that may be repeated; empty values do not count.</summary>
    public IReadOnlyList<string> All(string name) => _values.GetValueOrDefault(name) ?? [];

    /// <summary>The value of a field that was given under its bare name; null when it is absent or empty.</summary>
    public string? Bare(string name) => _given.Where(field => field.Key == name).Select(field => field.Value).ToList() switch
    {
        [] => null,
        [var value] => value,
        _ => throw ApiErrors.RepeatedField(name),
    };

    /// <summary>What was given as name[key], by key; clients write an object in a form so.</summary>
    public IEnumerable<KeyValuePair<string, string>> Keyed(string name) =>
        from field in _given
        where PartName.WithoutKey(field.Key) == name && field.Key != name
        group field.Value by field.Key into values
        select KeyValuePair.Create(values.Key[(name.Length + 1)..^1], values.ToList() is [var only] ? only : throw ApiErrors.RepeatedField(values.Key));

    protected void Add(string name, string text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return;
        }

        _given.Add(KeyValuePair.Create(name, text));
        name = PartName.WithoutIndex(name);
        if (!_values.TryGetValue(name, out var values))
        {
            _values[name] = values = [];
        }

        values.Add(text);
    }
}
