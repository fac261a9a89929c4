using TranscriptionApi.Catalog;
using TranscriptionApi.Errors;
using TranscriptionApi.Jobs.Audio;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Requests;
using TranscriptionApi.Security;
using TranscriptionApi.Transcriptions.Fields;
using TranscriptionApi.Uploads;
using TranscriptionApi.Webhooks;

namespace TranscriptionApi.Jobs.Routes;

/// <summary>
/// /v1/audio/transcriptions/{id} and what is under it: jobs asked for later, by whoever sent the audio. To everybody else a job does not exist.
/// </summary>
static class JobEndpoints
{
    public static void MapJobs(this WebApplication app)
    {
        app.MapGet("/v1/audio/transcriptions", (HttpContext http, JobRoutes routes) => routes.ListAsync(http));
        var jobs = app.MapGroup("/v1/audio/transcriptions");
        jobs.MapGet("/{id}", (HttpContext http, string id, JobRoutes routes) => routes.GetAsync(http, id));
        jobs.MapGet("/{id}/content", (HttpContext http, string id, JobRoutes routes) => routes.GetContentAsync(http, id));
        jobs.MapGet("/{id}/deliveries", (HttpContext http, string id, JobRoutes routes) => routes.GetDeliveriesAsync(http, id));
        jobs.MapPost("/{id}/cancel", (HttpContext http, string id, JobRoutes routes) => routes.CancelAsync(http, id));
        jobs.MapDelete("/{id}", (HttpContext http, string id, JobRoutes routes) => routes.DeleteAsync(http, id));
    }
}

/// <summary>What the routes do.</summary>
sealed class JobRoutes(JobStore store, AudioStore audio, ModelCatalog catalog, JobReport report, JobContent content, JobEvents events, DeliveryLog deliveries)
{
    public async Task<IResult> ListAsync(HttpContext http)
    {
        var query = JobQuery.Read(FieldValues.OfQuery(http.Request.Query));
        var after = query.After is { } cursor ? await FindAsync(http, cursor, JobQuery.AfterField) : null;
        var model = query.Model is { } name ? catalog.Find(name)?.Id ?? name : null;
        var found = await store.ListAsync(Caller.Of(http).Name, query.Filter(after?.Seq, model), http.RequestAborted);
        var page = await report.DescribeAsync(found.Take(query.Limit), http.RequestAborted);
        return Results.Json(JobList.Of(page, hasMore: found.Count > query.Limit), ApiJson.Wire.JobList, "application/json");
    }

    public async Task<IResult> GetAsync(HttpContext http, string id)
    {
        var query = FieldValues.OfQuery(http.Request.Query);
        var isStream = query.Single("stream") is { } stream && FieldValue.Flag("stream", stream);
        var after = query.Single(JobEvents.AfterField) is { } text ? FieldValue.Whole(JobEvents.AfterField, text, 0, int.MaxValue - 1) : (int?)null;
        if (after is not null && !isStream)
        {
            throw ApiErrors.NeedsStream(JobEvents.AfterField);
        }

        var job = await FindMineAsync(http, id);
        return isStream ? events.Of(job, after ?? -1) : await report.AnswerAsync(job, http);
    }

    public async Task<IResult> GetContentAsync(HttpContext http, string id) => await content.AnswerAsync(await FindMineAsync(http, id), http.Request);

    public async Task<IResult> GetDeliveriesAsync(HttpContext http, string id)
    {
        var job = await FindMineAsync(http, id);
        return Results.Json(await deliveries.ReadAsync(job.Id, http.RequestAborted), ApiJson.Wire.DeliveryList, "application/json");
    }

    /// <summary>A job that has ended stays as it is.</summary>
    public async Task<IResult> CancelAsync(HttpContext http, string id)
    {
        var job = await FindMineAsync(http, id);
        await store.CancelAsync(job.Owner, job.Id, http.RequestAborted);
        return await report.AnswerAsync(await FindMineAsync(http, id), http);
    }

    public async Task<IResult> DeleteAsync(HttpContext http, string id)
    {
        var job = await FindMineAsync(http, id);
        var erased = await store.EraseAsync(job.Owner, job.Id, CancellationToken.None) ?? throw ApiErrors.NoSuchTranscription(id);
        if (erased.Path.Length > 0)
        {
            audio.Delete(erased.Path);
        }

        return Results.Json(JobDeleted.Of(job.Id), ApiJson.Wire.JobDeleted, "application/json");
    }

    async Task<Job> FindMineAsync(HttpContext http, string id)
    {
        var job = await FindAsync(http, id, "id");
        RequestFacts.Of(http).Transcription = job.Id;
        return job;
    }

    // What cannot be an id never reaches the database.
    async Task<Job> FindAsync(HttpContext http, string id, string param) =>
        (JobId.IsPossible(id) ? await store.FindAsync(Caller.Of(http).Name, id, http.RequestAborted) : null) ?? throw ApiErrors.NoSuchTranscription(id, param);
}
