using SpeechEngine;
using TranscriptionApi.Jobs;
using TranscriptionApi.Transcriptions;

namespace TranscriptionApi.Tests.Jobs;

/// <summary>What is kept with a job is read by later versions, too.</summary>
public sealed class JobJsonTests
{
    [Fact]
    public void What_an_older_version_did_not_write_has_its_default_and_what_a_newer_one_wrote_is_passed_over()
    {
        const string Kept = """{"Model":"m","Format":"json","Options":{"Decoding":{"Unknown":1}},"Layout":{},"Later":{}}""";

        var read = JobJson.Read(Kept, JobJson.Kept.JobRequest);

        var expected = new JobRequest { Model = "m", Format = "json", Options = new TranscribeOptions(), Layout = new Layout() };
        Assert.Equal(JobJson.Write(expected, JobJson.Kept.JobRequest), JobJson.Write(read, JobJson.Kept.JobRequest));
    }
}
