using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Transcriptions;
using TranscriptionApi.Transcriptions.Formats;

namespace TranscriptionApi.Jobs.Routes;

/// <summary>What is told of jobs: how they stand, what is before them, and what became of them.</summary>
sealed class JobReport(JobStore store, JobEstimate estimate, TimeProvider clock)
{
    /// <summary>When to ask again; the polling helpers of the official clients go by it.</summary>
    const string PollAfter = "openai-poll-after-ms";

    static readonly TimeSpan ShortestPoll = TimeSpan.FromMilliseconds(250);
    static readonly TimeSpan LongestPoll = TimeSpan.FromSeconds(10);

    /// <summary>One job with its transcript, once it has one.</summary>
    public async Task<IResult> AnswerAsync(Job job, HttpContext http)
    {
        var (body, pollAfter) = await DescribeAsync(job, http.RequestAborted);
        if (pollAfter is { } wait)
        {
            http.Response.Headers[PollAfter] = ((long)wait.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        }

        return Results.Text(await WriteAsync(job, body, http.RequestAborted), TranscriptFormats.Json);
    }

    /// <summary>One job as JSON, with its transcript once it has one.</summary>
    public async Task<string> WriteAsync(Job job, CancellationToken cancellation) => await WriteAsync(job, (await DescribeAsync(job, cancellation)).Body, cancellation);

    /// <summary>Several jobs without their transcripts.</summary>
    public async Task<IReadOnlyList<JobBody>> DescribeAsync(IEnumerable<Job> jobs, CancellationToken cancellation)
    {
        var bodies = new List<JobBody>();
        foreach (var job in jobs)
        {
            bodies.Add((await DescribeAsync(job, cancellation)).Body);
        }

        return bodies;
    }

    async Task<(JobBody Body, TimeSpan? PollAfter)> DescribeAsync(Job job, CancellationToken cancellation)
    {
        var body = JobBody.Of(job);
        if (job.State.IsEnd())
        {
            return (body, null);
        }

        var isQueued = job.State == JobState.Queued;
        var ahead = isQueued ? await store.AheadAsync(job, cancellation) : new JobsAhead(0, 0, 0);
        var times = estimate.Of(job, ahead);
        var left = times.End - clock.GetUtcNow();
        body = body with
        {
            QueuePosition = isQueued ? ahead.Jobs : null,
            EstimatedStartAt = times.Start.ToUnixTimeSeconds(),
            EstimatedCompletionAt = times.End.ToUnixTimeSeconds(),
        };
        return (body, left < ShortestPoll ? ShortestPoll : left > LongestPoll ? LongestPoll : left);
    }

    async Task<string> WriteAsync(Job job, JobBody body, CancellationToken cancellation)
    {
        var transcript = job.State == JobState.Completed ? await store.ReadTranscriptAsync(job.Id, cancellation) : null;
        return transcript is null ? JsonSerializer.Serialize(body, ApiJson.Wire.JobBody) : Write(body, job.ReadRequest(), transcript);
    }

    // The keys of the format stand in the job itself, so that the clients' own types find them.
    static string Write(JobBody body, JobRequest request, Transcript transcript)
    {
        var format = TranscriptFormats.Find(request.Format) ?? TranscriptFormats.Default;
        var content = format.Write(transcript, request.Layout);
        var json = JsonSerializer.SerializeToNode(body, ApiJson.Wire.JobBody)!.AsObject();
        if (format.IsJson)
        {
            var written = JsonNode.Parse(content)!.AsObject();
            var keys = written.ToList();
            written.Clear();
            keys.ForEach(key => json[key.Key] = key.Value);
        }
        else
        {
            json["text"] = transcript.Text;
            json["content"] = content;
        }

        return json.ToJsonString(ApiJson.Wire.Options);
    }
}
