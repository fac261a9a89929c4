using TranscriptionApi.Errors;
using TranscriptionApi.Uploads;

namespace TranscriptionApi.Transcriptions.Fields;

/// <summary>What the contract says of one field: its name, its JSON type and the values allowed.</summary>
sealed record FormField(string Name, string Type, double? Least = null, double? Most = null);

/// <summary>
/// Fields that each set one property of <typeparamref name="T"/>: a line per field with its name, its bounds and its property.
/// Every field may be given once; when it is absent the property stays as it is.
/// </summary>
sealed class FieldGroup<T>
{
    readonly List<Row> _rows = [];

    delegate T Setter(T options, string field, string text);

    /// <summary>All fields under all their names.</summary>
    public IEnumerable<FormField> Fields => _rows.SelectMany(row => row.Names.Select(name => row.Field with { Name = name }));

    public IEnumerable<string> Names => _rows.SelectMany(row => row.Names);

    public bool IsAnyGiven(FieldValues form) => Names.Any(name => form.All(name).Count > 0);

    /// <summary><paramref name="options"/> with every given field set, in the order of the lines.</summary>
    public T Read(FieldValues form, T options) => _rows.Aggregate(options, (read, row) => row.Read(form, read));

    public FieldGroup<T> Flag(string name, Func<T, bool, T> set) =>
        Add(new FormField(name, "boolean"), (options, field, text) => set(options, FieldValue.Flag(field, text)));

    public FieldGroup<T> Whole(string name, int least, int most, Func<T, int, T> set) =>
        Add(new FormField(name, "integer", least, most), (options, field, text) => set(options, FieldValue.Whole(field, text, least, most)));

    public FieldGroup<T> Number(string name, double least, double most, Func<T, double, T> set) =>
        Add(new FormField(name, "number", least, most), (options, field, text) => set(options, FieldValue.Number(field, text, least, most)));

    public FieldGroup<T> Text(string name, Func<T, string, T> set) =>
        Add(new FormField(name, "string"), (options, _, text) => set(options, text));

    /// <summary>Another name under which the field of the line before is known; only one of them may be given.</summary>
    public FieldGroup<T> Also(string name)
    {
        _rows[^1].Names.Add(name);
        return this;
    }

    FieldGroup<T> Add(FormField field, Setter set)
    {
        _rows.Add(new Row(field, [field.Name], set));
        return this;
    }

    sealed record Row(FormField Field, List<string> Names, Setter Set)
    {
        public T Read(FieldValues form, T options)
        {
            var given = Names.SelectMany(name => form.All(name).Select(text => (Name: name, Text: text))).ToList();
            return given switch
            {
                [] => options,
                [var (name, text)] => Set(options, name, text),
                _ => throw ApiErrors.RepeatedField(given[^1].Name),
            };
        }
    }
}
