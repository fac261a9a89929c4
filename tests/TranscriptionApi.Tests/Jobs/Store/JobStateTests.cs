using TranscriptionApi.Jobs;

namespace TranscriptionApi.Tests.Jobs.Store;

/// <summary>The table of states is what the store does, on both databases.</summary>
public sealed class JobStateTests(PostgresServer postgres)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(JobDatabases.Both), MemberType = typeof(JobDatabases))]
    public async Task Every_listed_move_happens_and_no_other_changes_a_row(string database)
    {
        await using var jobs = await JobDatabases.OpenAsync(database, postgres);
        foreach (var state in Enum.GetValues<JobState>())
        {
            foreach (var happened in Enum.GetValues<JobEvent>())
            {
                var job = await PutAsync(jobs, state);
                var before = await RowAsync(jobs, job.Id);
                var hasMoved = await MoveAsync(jobs, job, happened);
                var listed = JobStates.Transitions.SingleOrDefault(row => row.From == state && row.Event == happened);

                Assert.True(hasMoved == listed is not null, $"{happened} of a {state} job: moved {hasMoved}, listed {listed is not null}.");
                Assert.Equal(listed?.To ?? state, await jobs.StateAsync(job.Id));
                if (listed is null)
                {
                    Assert.Equal(before, await RowAsync(jobs, job.Id));
                }

                await jobs.CheckAsync(new JobInvariants { Acknowledged = [job.Id] });
                await jobs.ExecuteAsync("DELETE FROM jobs");
            }
        }
    }

    [Fact]
    public void Ends_are_the_states_that_nothing_leads_out_of() => Assert.Equal(
        [JobState.Completed, JobState.Failed, JobState.Cancelled, JobState.Expired], Enum.GetValues<JobState>().Where(state => state.IsEnd()));

    [Fact]
    public void An_event_leads_to_one_state_only() => Assert.All(
        JobStates.Transitions.GroupBy(row => row.Event), rows => Assert.Single(rows.Select(row => row.To).Distinct()));

    [Fact]
    public void Names_of_states_are_read_as_they_are_written() =>
        Assert.All(Enum.GetValues<JobState>(), state => Assert.Equal(state, JobStates.Parse(state.Name())));

    // A job that everything could happen to, if its state allowed it: its lease and its time are over.
    static async Task<Job> PutAsync(TestStore jobs, JobState state)
    {
        var accepted = await jobs.AcceptAsync(TestJobs.New(wantedFor: TimeSpan.FromMinutes(1)));
        var job = state is JobState.Queued or JobState.Expired ? accepted : await jobs.ClaimAsync();
        _ = state switch
        {
            JobState.Completed => await jobs.FinishAsync(job),
            JobState.Failed => await jobs.Store.FailAsync(job.Lease, TestJobs.Error, Stop),
            JobState.Cancelled => await jobs.Store.CancelAsync(TestJobs.Owner, job.Id, Stop),
            _ => true,
        };
        await jobs.AgeAsync(TimeSpan.FromMinutes(10));
        if (state == JobState.Expired)
        {
            Assert.Equal(1, await jobs.Store.ExpireAsync(TimeSpan.FromMinutes(5), Stop));
        }

        Assert.Equal(state, await jobs.StateAsync(job.Id));
        return job;
    }

    static async Task<bool> MoveAsync(TestStore jobs, Job job, JobEvent happened) => happened switch
    {
        JobEvent.Claim => await jobs.TryClaimAsync() is not null,
        JobEvent.Finish => await jobs.FinishAsync(job),
        JobEvent.Fail => await jobs.Store.FailAsync(job.Lease, TestJobs.Error, Stop),
        JobEvent.Retry => await jobs.RetryAsync(job),
        JobEvent.HandBack => await jobs.Store.HandBackAsync(job.Lease, Stop),
        JobEvent.Reclaim => (await jobs.ReclaimAsync()).Requeued == 1,
        JobEvent.Poison => (await jobs.ReclaimAsync(maxCrashes: 1)).Poisoned == 1,
        JobEvent.Cancel => await jobs.Store.CancelAsync(TestJobs.Owner, job.Id, Stop),
        JobEvent.Abandon => await jobs.Store.AbandonAsync(Stop) == 1,
        JobEvent.Expire => await jobs.Store.ExpireAsync(TimeSpan.FromMinutes(5), Stop) == 1,
        _ => throw new ArgumentOutOfRangeException(nameof(happened)),
    };

    static async Task<string> RowAsync(TestStore jobs, string id)
    {
        var job = await jobs.FindAsync(id);
        return string.Join('|', typeof(Job).GetProperties().Select(property => property.GetValue(job)));
    }
}
