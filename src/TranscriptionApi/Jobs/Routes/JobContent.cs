using TranscriptionApi.Errors;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Transcriptions;
using TranscriptionApi.Transcriptions.Fields;
using TranscriptionApi.Transcriptions.Formats;
using TranscriptionApi.Uploads;

namespace TranscriptionApi.Jobs.Routes;

/// <summary>The transcript of a job alone, in the format that was asked for with the audio or in another one.</summary>
sealed class JobContent(JobStore store)
{
    const string FormatField = "format";

    public async Task<IResult> AnswerAsync(Job job, HttpRequest http)
    {
        var (format, layout) = Read(FieldValues.OfQuery(http.Query), job.ReadRequest());
        var transcript = job.State switch
        {
            JobState.Completed => await store.ReadTranscriptAsync(job.Id, http.HttpContext.RequestAborted) ?? throw ApiErrors.NoSuchTranscription(job.Id),
            JobState.Failed => throw Failed(job.ReadError()!),
            JobState.Cancelled => throw ApiErrors.Cancelled(),
            JobState.Expired => throw ApiErrors.Expired(),
            var state => throw ApiErrors.NotCompleted(JobStatus.Of(state)),
        };
        return Results.Text(format.Write(transcript, layout), format.ContentType);
    }

    static (TranscriptFormat Format, Layout Layout) Read(FieldValues query, JobRequest asked)
    {
        var name = query.Single(FormatField)?.Trim() ?? asked.Format;
        var format = TranscriptFormats.Find(name) ?? throw ApiErrors.UnknownValue(FormatField, name, TranscriptFormats.Names);
        if (LayoutFields.FirstGiven(query) is not { } given)
        {
            return (format, name == asked.Format ? asked.Layout : new Layout());
        }

        var layout = LayoutFields.Read(query, format, FormatField);
        return layout.NeedsWordTimes && !asked.Options.WordTimestamps ? throw ApiErrors.NoWordTimes(given) : (format, layout);
    }

    // Asking again does not help, whatever the fault was: the job has ended.
    static ApiException Failed(JobError error) => ApiErrors.Failed(error.Message, error.Code);
}
