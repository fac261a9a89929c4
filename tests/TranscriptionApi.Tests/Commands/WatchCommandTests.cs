using TranscriptionApi.Commands.Watch;

namespace TranscriptionApi.Tests.Commands;

/// <summary>The verb itself, with real time: that it starts, sees, stops and starts again.</summary>
public sealed class WatchCommandTests : IDisposable
{
    readonly CommandRun _run = new();

    public void Dispose() => _run.Dispose();

    [Fact]
    public async Task Files_are_transcribed_as_they_appear_until_the_watch_is_stopped()
    {
        _run.WriteWav("in/before.wav");
        await WhileWatching(["-f", "srt,txt"], async () =>
        {
            await Appears("before.txt");
            _run.WriteWav("in/after.wav");
            await Appears("after.txt");
            File.WriteAllBytes(_run.Folder["in/moved.part"], TestAudio.Wav());
            File.Move(_run.Folder["in/moved.part"], _run.Folder["in/moved.wav"]);
            await Appears("moved.txt");
        });

        Assert.Equal(
            [WatchJournal.FileName, "after.srt", "after.txt", "after.wav", "before.srt", "before.txt", "before.wav", "moved.srt", "moved.txt", "moved.wav"],
            _run.FilesIn("in"));
        Assert.StartsWith($"Watching '{_run.Folder["in"]}'; 0 recordings are known from before.\n", _run.Error);
        Assert.Single(_run.Loaded);

        _run.WriteWav("in/later.wav");
        await WhileWatching([], () => Appears("later.txt"));
        Assert.Equal(4, _run.Engine.Asked.Count);
        Assert.Contains("; 3 recordings are known from before.\n", _run.Error);
        Assert.Empty(_run.Output);
    }

    [Fact]
    public async Task Stop_in_the_middle_of_a_file_leaves_nothing_half_written()
    {
        using var gate = new ManualResetEventSlim();
        _run.Engine.Gate = gate;
        _run.WriteWav("in/a.wav");
        await WhileWatching([], () => TestApi.WaitUntilAsync(() => Task.FromResult(Volatile.Read(ref _run.Engine.Running) == 1 && _run.Engine.Asked.Count == 1)));
        Assert.Equal([WatchJournal.FileName, "a.wav"], _run.FilesIn("in"));
        Assert.Equal(1, _run.Engine.Cancelled);

        _run.Engine.Gate = null;
        await WhileWatching([], () => Appears("a.txt"));
    }

    [Fact]
    public async Task Quiet_says_only_what_went_wrong()
    {
        File.WriteAllBytes(_run.Folder["in/bad.wav"], TestAudio.Header(0));
        _run.WriteWav("in/good.wav");
        await WhileWatching(["--quiet"], () => Appears("good.txt"));
        Assert.Equal("bad.wav: The audio file is empty.\n", _run.Error);
    }

    [Fact]
    public async Task Folder_that_is_not_there_is_a_mistake()
    {
        Assert.Equal(1, await _run.WatchAsync(TestContext.Current.CancellationToken, _run.Folder["none"]));
        Assert.Equal($"There is no folder '{_run.Folder["none"]}'.\n", _run.Error);
        Assert.Empty(_run.Loaded);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("4000")]
    public async Task Poll_time_has_a_range(string seconds)
    {
        Assert.Equal(1, await _run.WatchAsync(TestContext.Current.CancellationToken, _run.Folder["in"], "--poll-seconds", seconds));
        Assert.StartsWith($"--poll-seconds is '{seconds}'; it must be a number from 0.1 to 3600.", _run.Error);
    }

    async Task WhileWatching(string[] options, Func<Task> happens)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var watch = _run.WatchAsync(stop.Token, [_run.Folder["in"], "--poll-seconds", "0.2", .. options]);
        try
        {
            await happens();
        }
        finally
        {
            await stop.CancelAsync();
            Assert.Equal(0, await watch);
        }
    }

    Task Appears(string name) => TestApi.WaitUntilAsync(() => Task.FromResult(File.Exists(_run.Folder[$"in/{name}"])));
}
