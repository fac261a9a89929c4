using SpeechEngine;
using SpeechEngine.Audio;
using TranscriptionApi.Commands;
using TranscriptionApi.Commands.Watch;
using TranscriptionApi.Transcriptions;
using TranscriptionApi.Transcriptions.Formats;

namespace TranscriptionApi.Tests.Commands;

/// <summary>What a look at a folder does; a test is the clock and looks when it wants.</summary>
public sealed class FolderWatchTests : IDisposable
{
    static readonly TimeSpan Poll = TimeSpan.FromSeconds(5);

    readonly CommandRun _run = new();
    readonly ManualClock _clock = new();
    WatchJournal? _journal;
    FolderWatch? _watch;
    DecodeAudio _decode = new AudioDecoder(new AudioDecoderSettings { Ffmpeg = "/none" }).Decode;

    public void Dispose()
    {
        _journal?.Dispose();
        _run.Dispose();
    }

    [Fact]
    public void New_file_is_transcribed_once_when_it_stays_the_same()
    {
        Start();
        _run.WriteWav("in/a.wav");
        Look();
        Assert.Empty(_run.Engine.Asked);
        LookAgain();
        LookAgain();
        Assert.Single(_run.Engine.Asked);
        Assert.Equal([WatchJournal.FileName, "a.txt", "a.wav"], _run.FilesIn("in"));
        Assert.Equal("Hello, world!\nGröße 10 --> 5 €.\n", CommandRun.Utf8(_run.Folder["in/a.txt"]));
        Assert.Matches(@"^a\.wav: 2\.0 s of audio in 0\.0 s \(real-time factor 0\.000\) -> a\.txt\n$", _run.Error);
    }

    [Fact]
    public void File_that_grows_is_waited_for()
    {
        Start();
        var path = _run.WriteWav("in/a.wav", 1);
        Look();
        for (var seconds = 2; seconds < 5; seconds++)
        {
            File.WriteAllBytes(path, TestAudio.Wav(seconds));
            LookAgain();
        }

        Assert.Empty(_run.Engine.Asked);

        // Two looks in quick succession prove nothing.
        Look();
        Assert.Empty(_run.Engine.Asked);
        LookAgain();
        Assert.Single(_run.Engine.Asked);
        Assert.Contains("a.wav: 4.0 s of audio", _run.Error);
    }

    [Fact]
    public void Restart_repeats_nothing()
    {
        _run.WriteWav("in/a.wav");
        Work();
        Restart();
        Assert.Single(_run.Engine.Asked);

        // A result that somebody took away is not missed.
        File.Delete(_run.Folder["in/a.txt"]);
        Restart();
        Assert.Single(_run.Engine.Asked);
    }

    [Fact]
    public void Changed_file_is_transcribed_again_into_the_same_place()
    {
        _run.WriteWav("in/a.wav");
        Work();
        _run.WriteWav("in/a.wav", 3);
        Restart();
        Assert.Equal(2, _run.Engine.Asked.Count);
        Touch("in/a.wav");
        LookTwice();
        Assert.Equal(3, _run.Engine.Asked.Count);
        Assert.Equal([WatchJournal.FileName, "a.txt", "a.wav"], _run.FilesIn("in"));
    }

    [Fact]
    public void Bad_file_is_told_once_until_it_changes()
    {
        File.WriteAllBytes(_run.Folder["in/bad.wav"], TestAudio.Header(0));
        Work();
        LookTwice();
        Restart();
        Assert.Equal("bad.wav: The audio file is empty.\n", _run.Error);
        _run.WriteWav("in/bad.wav");
        LookTwice();
        Assert.Single(_run.Engine.Asked);
        Assert.True(File.Exists(_run.Folder["in/bad.txt"]));
    }

    [Fact]
    public void Error_inside_the_engine_is_a_bad_file_too()
    {
        _run.WriteWav("in/a.wav");
        _run.Engine.Failure = new InvalidOperationException("broken");
        Work();
        _run.Engine.Failure = null;
        Restart();
        Assert.Single(_run.Engine.Asked);
        Assert.Contains("a.wav: internal error: System.InvalidOperationException: broken", _run.Error);
    }

    [Fact]
    public void Decoder_that_is_missing_is_asked_for_again_later_and_later()
    {
        File.WriteAllBytes(_run.Folder["in/a.flac"], [.. "fLaC"u8, 0, 0, 0, 0]);
        Work();
        LookAgain();
        Assert.Contains("needs the ffmpeg program ('/none')", _run.Error);
        Assert.EndsWith("Trying again in 1 min.\n", _run.Error);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Look();
        Assert.EndsWith("Trying again in 2 min.\n", _run.Error);
        _clock.Advance(TimeSpan.FromMinutes(2));
        _decode = (_, _) => new PcmAudio(16_000);
        Look();
        Assert.Single(_run.Engine.Asked);
        Assert.True(File.Exists(_run.Folder["in/a.txt"]));
    }

    [Fact]
    public void What_is_no_recording_is_passed_over_without_a_word()
    {
        foreach (var name in new[] { ".hidden.wav", "a.wav.part", "b.wav.crdownload", "c.tmp", "d.wav~", "e.txt", "f.SRT", "g.json", ".git/h.wav", "sub/i.wav" })
        {
            _run.WriteWav($"in/{name}");
        }

        File.WriteAllText(_run.Folder["in/notes.md"], "notes");
        File.WriteAllText(_run.Folder["in/photo.wav"], "a name says nothing");
        File.WriteAllBytes(_run.Folder["in/empty.wav"], []);
        Work();
        LookTwice();
        Assert.Empty(_run.Engine.Asked);
        Assert.Empty(_run.Error);
    }

    [Fact]
    public void Name_without_an_ending_is_known_by_its_content()
    {
        _run.WriteWav("in/recording");
        Work();
        Assert.True(File.Exists(_run.Folder["in/recording.txt"]));
    }

    [Fact]
    public void Folders_inside_are_watched_when_asked_for_and_mirrored()
    {
        var output = Output with { Folder = _run.Folder["out"], Formats = [FileFormats.Text, FileFormats.Find("srt")!] };
        _run.WriteWav("in/x/y/a.wav");
        _run.WriteWav("in/a.wav");
        Directory.CreateSymbolicLink(_run.Folder["in/x/loop"], _run.Folder["in"]);
        Start(output, new WatchChoice { Folder = _run.Folder["in"], Recursive = true, Poll = Poll });
        LookTwice();
        LookTwice();
        Assert.Equal(2, _run.Engine.Asked.Count);
        Assert.Equal([WatchJournal.FileName, "a.srt", "a.txt", "x/y/a.srt", "x/y/a.txt"], _run.FilesIn("out"));
        Assert.Equal(["a.wav", "x/y/a.wav"], _run.FilesIn("in").Where(name => !name.Contains("loop")));
    }

    [Fact]
    public void Only_new_files_are_transcribed_when_asked_for()
    {
        _run.WriteWav("in/old.wav");
        Start(Output, new WatchChoice { Folder = _run.Folder["in"], NewOnly = true, Poll = Poll });
        LookTwice();
        _run.WriteWav("in/new.wav");
        LookTwice();
        Assert.Equal([WatchJournal.FileName, "new.txt", "new.wav", "old.wav"], _run.FilesIn("in"));
        Touch("in/old.wav");
        LookTwice();
        Assert.True(File.Exists(_run.Folder["in/old.txt"]));
    }

    [Fact]
    public void Files_of_other_people_and_other_recordings_are_never_overwritten()
    {
        _run.WriteWav("in/a.wav");
        _run.WriteWav("in/a.wave");
        _run.WriteWav("in/made.wav");
        _run.WriteWav("in/notes.wav");
        File.WriteAllText(_run.Folder["in/made.txt"], "corrected by hand");
        File.WriteAllText(_run.Folder["in/notes.txt"], "my notes");
        File.SetLastWriteTimeUtc(_run.Folder["in/notes.txt"], new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Work();
        Restart();
        Assert.Equal(3, _run.Engine.Asked.Count);
        Assert.Equal("corrected by hand", File.ReadAllText(_run.Folder["in/made.txt"]));
        Assert.Equal("my notes", File.ReadAllText(_run.Folder["in/notes.txt"]));
        Assert.Contains("made.wav: left alone, made.txt is there and newer.", _run.Error);
        Assert.All(["a.txt", "a.wave.txt", "notes.wav.txt"], name => Assert.StartsWith("Hello", CommandRun.Utf8(_run.Folder[$"in/{name}"])));
    }

    [Fact]
    public void Folder_may_go_away_and_come_back()
    {
        _run.WriteWav("in/a.wav");
        Start(Output with { Folder = Directory.CreateDirectory(_run.Folder["out"]).FullName });
        LookTwice();
        Directory.Move(_run.Folder["in"], _run.Folder["away"]);
        LookAgain();
        LookAgain();
        Assert.Single(_run.Error.Split("is away, waiting for it").Skip(1));
        Directory.Move(_run.Folder["away"], _run.Folder["in"]);
        _run.WriteWav("in/b.wav");
        LookTwice();
        Assert.Contains("is back.", _run.Error);
        Assert.Equal(2, _run.Engine.Asked.Count);
    }

    [Fact]
    public void Journal_with_a_torn_line_keeps_the_others()
    {
        _run.WriteWav("in/a.wav");
        _run.WriteWav("in/b.wav");
        Work();
        Stop();
        var path = _run.Folder[$"in/{WatchJournal.FileName}"];
        var lines = File.ReadAllText(path);
        File.WriteAllText(path, lines[..^20]);
        Touch("in/a.wav");
        Restart();
        Restart();

        // The torn line told of b, whose result is there all the same.
        Assert.Equal(3, _run.Engine.Asked.Count);
        Stop();
        Assert.Equal(4, File.ReadAllLines(path).Length);
    }

    [Fact]
    public void Second_watch_of_a_folder_is_refused()
    {
        Start();
        var refused = Assert.Throws<CommandFailure>(() => new WatchJournal(_run.Folder["in"]));
        Assert.Equal(ExitCode.Unwritable, refused.Code);
        Assert.Contains("two watches need two", refused.Message);
    }

    [Fact]
    public void Place_that_cannot_be_written_is_tried_again()
    {
        _run.WriteWav("in/a.wav");
        Directory.CreateDirectory(_run.Folder["in/a.txt"]);
        Work();
        Assert.Contains("Trying again in 1 min.", _run.Error);
        Assert.DoesNotContain(_run.FilesIn("in"), name => name.EndsWith(".tmp", StringComparison.Ordinal));
        Directory.Delete(_run.Folder["in/a.txt"]);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Look();
        Assert.True(File.Exists(_run.Folder["in/a.txt"]));
    }

    [Fact]
    public void Oldest_recording_comes_first_and_one_that_changes_meanwhile_waits()
    {
        var order = new List<string>();
        var decode = _decode;
        _decode = (path, cancellation) =>
        {
            order.Add(Path.GetFileName(path));
            if (order.Count == 1)
            {
                Touch("in/c.wav");
            }

            return decode(path, cancellation);
        };
        foreach (var (name, day) in new[] { ("a", 3), ("b", 1), ("c", 2) })
        {
            _run.WriteWav($"in/{name}.wav");
            File.SetLastWriteTimeUtc(_run.Folder[$"in/{name}.wav"], new DateTime(2020, 1, day, 0, 0, 0, DateTimeKind.Utc));
        }

        Work();
        Assert.Equal(["b.wav", "a.wav"], order);
        LookTwice();
        Assert.Equal(["b.wav", "a.wav", "c.wav"], order);
    }

    static OutputChoice Output => new() { Formats = [FileFormats.Text] };

    void Work()
    {
        Start();
        LookTwice();
    }

    void Restart()
    {
        Stop();
        Work();
    }

    void Stop()
    {
        _journal?.Dispose();
        _journal = null;
    }

    void Start() => Start(Output);

    void Start(OutputChoice output, WatchChoice? watch = null)
    {
        watch ??= new WatchChoice { Folder = _run.Folder["in"], Poll = Poll };
        Directory.CreateDirectory(output.Folder ?? watch.Folder);
        _journal = new WatchJournal(output.Folder ?? watch.Folder);
        var transcriber = new FileTranscriber(_run.Engine, (path, cancellation) => _decode(path, cancellation), new TranscribeOptions(), _clock);
        _watch = new FolderWatch(watch, output, transcriber, _journal, _run.Host with { Clock = _clock });
    }

    void LookTwice()
    {
        Look();
        LookAgain();
    }

    void LookAgain()
    {
        _clock.Advance(Poll);
        Look();
    }

    void Look() => _watch!.Look(TestContext.Current.CancellationToken);

    void Touch(string name) => File.SetLastWriteTimeUtc(_run.Folder[name], File.GetLastWriteTimeUtc(_run.Folder[name]).AddSeconds(1));
}
