using TranscriptionApi.Errors;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Transcriptions.Fields;
using TranscriptionApi.Uploads;

namespace TranscriptionApi.Jobs.Routes;

/// <summary>Which jobs are listed, with the names and limits of OpenAI's lists.</summary>
/// <param name="Limit">Jobs of a page.</param>
/// <param name="NewestFirst">Order of acceptance.</param>
/// <param name="After">Last job of the page before.</param>
/// <param name="State">Only those in this state.</param>
/// <param name="Batch">Only those of one batch.</param>
/// <param name="Model">Only those for one model, by any of its names.</param>
sealed record JobQuery(int Limit, bool NewestFirst, string? After, JobState? State, string? Batch, string? Model)
{
    public const string AfterField = "after";
    const int UsualLimit = 20;
    const int MostOfPage = 100;

    static readonly string[] Orders = ["asc", "desc"];

    public static JobQuery Read(FieldValues query) => new(
        query.Single("limit") is { } limit ? FieldValue.Whole("limit", limit, 1, MostOfPage) : UsualLimit,
        NewestFirst: One(query, "order", Orders) is null or "desc",
        query.Single(AfterField),
        One(query, "status", JobStatus.Names) is { } status ? JobStatus.Find(status) : null,
        Name(query, "batch_id"),
        Name(query, "model"));

    /// <summary>For the store. One more than a page is asked for, to know whether there is another.</summary>
    /// <param name="after">Number of acceptance of <see cref="After"/>.</param>
    /// <param name="model">Catalog id of <see cref="Model"/>.</param>
    public JobFilter Filter(long? after, string? model) => new(Limit + 1, NewestFirst, after, State, Batch, model);

    // No name holds a zero, and PostgreSQL takes no text that does.
    static string? Name(FieldValues query, string field) => query.Single(field)?.Trim().Replace('\0', '?');

    static string? One(FieldValues query, string field, IEnumerable<string> supported) =>
        query.Single(field)?.Trim() is not { } value ? null
        : supported.Contains(value) ? value
        : throw ApiErrors.UnknownValue(field, value, supported);
}
