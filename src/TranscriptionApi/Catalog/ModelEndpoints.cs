using Microsoft.Extensions.Options;
using TranscriptionApi.Errors;
using TranscriptionApi.Uploads;

namespace TranscriptionApi.Catalog;

/// <summary>
/// GET /v1/models and /v1/models/{id}. Besides the models themselves the list holds OpenAI's names that are answered to
/// (whisper-1 and the like), because user interfaces offer only what is listed; other aliases can be asked for by name.
/// </summary>
static class ModelEndpoints
{
    public static void AddModels(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<ModelOptions, ModelOptionsValidator>().BindConfiguration(ModelOptions.Section);
        builder.Services.AddSingleton(services => new ModelCatalog(
            services.GetRequiredService<IOptions<ModelOptions>>().Value,
            services.GetRequiredService<IOptions<DataOptions>>().Value.Folder));
    }

    public static void MapModels(this WebApplication app)
    {
        app.MapGet("/v1/models", (ModelCatalog catalog) => Results.Json(List(catalog), ApiJson.Wire.ModelList, "application/json"));

        // A catch-all, because an id may hold a slash; clients send it plain or as %2F.
        app.MapGet("/v1/models/{**id}", (string id, ModelCatalog catalog) => Results.Json(Find(catalog, Uri.UnescapeDataString(id)), ApiJson.Wire.ModelEntry, "application/json"));
    }

    // The default model first, then the others, then OpenAI's names.
    static ModelList List(ModelCatalog catalog) => new(
        "list",
        [
            .. catalog.Present.Select(model => Entry(model, model.Id)),
            .. catalog.Present.SelectMany(model => model.Aliases.Intersect(ModelCatalog.OpenAiNames).Select(alias => Entry(model, alias))),
        ]);

    static ModelEntry Find(ModelCatalog catalog, string id) =>
        catalog.Find(id) is { } model ? Entry(model, id) : throw ApiErrors.UnknownModelId(id);

    static ModelEntry Entry(CatalogModel model, string id) => new(id, "model", model.Created.ToUnixTimeSeconds(), model.OwnedBy);
}

/// <summary>What GET /v1/models answers.</summary>
sealed record ModelList(string Object, IReadOnlyList<ModelEntry> Data);

/// <summary>One name that can be asked for.</summary>
sealed record ModelEntry(string Id, string Object, long Created, string OwnedBy);
