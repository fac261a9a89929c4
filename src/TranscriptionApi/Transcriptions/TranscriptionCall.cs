using SpeechEngine;
using TranscriptionApi.Errors;
using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Intake;
using TranscriptionApi.Jobs.Routes;
using TranscriptionApi.Jobs.Waiting;
using TranscriptionApi.Jobs.Work;
using TranscriptionApi.Requests;
using TranscriptionApi.Security;

namespace TranscriptionApi.Transcriptions;

/// <summary>
/// One call: (1) read and check the form, (2) make jobs of it, (3) wait for the transcript and write it in the format asked for,
/// or tell the jobs that are to be asked for later.
/// </summary>
sealed class TranscriptionCall(TranscriptionForm form, JobIntake intake, JobWait wait, JobReport report, DiskSpace disk, Drain drain)
{
    public async Task<IResult> AnswerAsync(HttpContext http, SpeechTask task)
    {
        if (drain.IsDraining)
        {
            throw ApiErrors.ShuttingDown();
        }

        disk.Check();
        var idempotencyKey = IdempotencyKey.Of(http.Request);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, drain.Over);
        using var request = await form.ReadAsync(http.Request, task, stop.Token);                   // (1)
        if (!request.Background)
        {
            // The line of a request says what was worked for it; others work for nobody's request.
            RequestFacts.Of(http).Model = request.Model.Id;
        }

        var jobs = await intake.AcceptAsync(request, Caller.Of(http).Name, idempotencyKey);         // (2)
        return request.Background ? await TellAsync(http, request, jobs) : await WaitAsync(http, request, jobs[0]);  // (3)
    }

    async Task<IResult> WaitAsync(HttpContext http, TranscriptionRequest request, Job job)
    {
        var facts = RequestFacts.Of(http);
        facts.Transcription = job.Id;
        var transcript = await wait.ForTranscriptAsync(job.Id, http.RequestAborted);
        facts.Audio = transcript.Duration;
        facts.Work = transcript.Work;
        return Results.Text(request.Format.Write(transcript, request.Layout), request.Format.ContentType);
    }

    async Task<IResult> TellAsync(HttpContext http, TranscriptionRequest request, IReadOnlyList<Job> jobs)
    {
        // A batch stays a list, also when all but one of its jobs were deleted since.
        if (request.Uploads.Count == 1)
        {
            RequestFacts.Of(http).Transcription = jobs[0].Id;
            return await report.AnswerAsync(jobs[0], http);
        }

        var bodies = await report.DescribeAsync(jobs, http.RequestAborted);
        return Results.Json(JobList.Of(bodies, hasMore: false, jobs[0].Batch), ApiJson.Wire.JobList, "application/json");
    }
}
