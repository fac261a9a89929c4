using System.Reflection;
using SpeechEngine.Kernels;
using TranscriptionApi.Catalog;
using TranscriptionApi.Engine;
using TranscriptionApi.Security;

namespace TranscriptionApi.Health;

/// <summary>
/// /healthz: the process answers. /readyz: the default model is in memory, else 503. /health: both and more, always 200, for people.
/// </summary>
static class HealthEndpoints
{
    static readonly string Version = typeof(HealthEndpoints).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    public static void MapHealth(this WebApplication app)
    {
        app.MapGet("/health", (EngineHost engines, EngineQueue queue, ModelCatalog catalog) => Report(Describe(engines, queue, catalog)))
            .WithMetadata(OpenToAll.Instance);

        app.MapGet("/healthz", () => Results.Text("""{"status":"alive"}""", "application/json")).WithMetadata(OpenToAll.Instance);

        app.MapGet("/readyz", (EngineHost engines, EngineQueue queue, ModelCatalog catalog) =>
            Report(Describe(engines, queue, catalog), engines.Readiness == Readiness.Ready ? 200 : 503)).WithMetadata(OpenToAll.Instance);
    }

    static IResult Report(HealthReport report, int status = 200) =>
        Results.Json(report, ApiJson.Wire.HealthReport, "application/json", status);

    static HealthReport Describe(EngineHost engines, EngineQueue queue, ModelCatalog catalog) => new(
        Name(engines.Readiness),
        Version,
        catalog.Default?.Id,
        Simd.Width.ToString(),
        queue.Running,
        queue.Waiting);

    static string Name(Readiness readiness) => readiness switch
    {
        Readiness.Loading => "loading",
        Readiness.Ready => "ready",
        Readiness.Failed => "failed",
        _ => "no_model",
    };
}

/// <summary>The state of the server; model is the default one, null when none is installed; simd is the engine's vector width.</summary>
sealed record HealthReport(string Status, string Version, string? Model, string Simd, int Running, int Waiting);
