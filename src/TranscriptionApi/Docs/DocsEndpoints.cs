using TranscriptionApi.Security;

namespace TranscriptionApi.Docs;

/// <summary>The contract as a file and as a page.</summary>
static class DocsEndpoints
{
    public static void UseDocs(this WebApplication app) =>
        app.UseSwaggerUI(page =>
        {
            page.RoutePrefix = "docs";
            page.DocumentTitle = "TranscriptionApi";
            page.SwaggerEndpoint("../openapi.yaml", "TranscriptionApi");
        });

    public static void MapDocs(this WebApplication app)
    {
        app.MapGet("/openapi.yaml", () => Results.File(Path.Combine(AppContext.BaseDirectory, "openapi.yaml"), "application/yaml"))
            .WithMetadata(OpenToAll.Instance);

        app.MapGet("/", () => Results.Redirect("/docs/")).WithMetadata(OpenToAll.Instance);
    }
}
