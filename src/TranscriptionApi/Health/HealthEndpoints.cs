using TranscriptionApi.Security;

namespace TranscriptionApi.Health;

/// <summary>
/// /healthz: the process answers. /readyz: jobs can be accepted and served, else 503. /health: both and more, always 200, for people.
/// </summary>
static class HealthEndpoints
{
    public static void AddHealth(this WebApplicationBuilder builder) => builder.Services.AddSingleton<ServerState>();

    public static void MapHealth(this WebApplication app)
    {
        app.MapGet("/health", async (ServerState state, CancellationToken cancellation) => Report(await state.DescribeAsync(cancellation)))
            .WithMetadata(OpenToAll.Instance);

        app.MapGet("/healthz", () => Results.Text("""{"status":"alive"}""", "application/json")).WithMetadata(OpenToAll.Instance);

        app.MapGet("/readyz", async (ServerState state, CancellationToken cancellation) =>
        {
            var report = await state.DescribeAsync(cancellation);
            return Report(report, report.Status == ServerState.Ready ? 200 : 503);
        }).WithMetadata(OpenToAll.Instance);
    }

    static IResult Report(HealthReport report, int status = 200) =>
        Results.Json(report, ApiJson.Wire.HealthReport, "application/json", status);
}

/// <summary>The state of the server.</summary>
/// <param name="Status">ready, or why not.</param>
/// <param name="Version">Of the program.</param>
/// <param name="Model">The default model; null when none is installed.</param>
/// <param name="Simd">The engine's vector width.</param>
/// <param name="Running">Jobs that this process works on.</param>
/// <param name="Waiting">Jobs that wait for a worker, whoever accepted them; null while the database is away.</param>
sealed record HealthReport(string Status, string Version, string? Model, string Simd, int Running, long? Waiting);
