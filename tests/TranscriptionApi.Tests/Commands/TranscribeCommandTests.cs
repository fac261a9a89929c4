using SpeechEngine;
using SpeechEngine.Loading;
using SpeechEngine.Speech;

namespace TranscriptionApi.Tests.Commands;

public sealed class TranscribeCommandTests : IDisposable
{
    readonly CommandRun _run = new();

    public void Dispose() => _run.Dispose();

    [Theory]
    [InlineData("txt", "Hello, world!\nGröße 10 --> 5 €.\n")]
    [InlineData("srt", "1\n00:00:00,000 --> 00:00:01,200\nHello, world!\n\n2\n00:00:01,200 --> 00:00:01,960\nGröße 10 -> 5 €.\n\n\n")]
    [InlineData("vtt", "WEBVTT\n\n00:00:00.000 --> 00:00:01.200\nHello, world!\n\n00:00:01.200 --> 00:00:01.960\nGröße 10 -> 5 €.\n\n")]
    [InlineData("tsv", "start\tend\ttext\n0\t1200\tHello, world!\n1200\t1960\tGröße 10 --> 5 €.\n")]
    [InlineData("lrc", "[00:00.00]Hello, world!\n[00:01.20]Größe 10 --> 5 €.\n")]
    public async Task Result_alone_goes_to_standard_output(string format, string expected)
    {
        Assert.Equal(0, await _run.TranscribeAsync(_run.WriteWav("in/a.wav"), "--output-format", format));
        Assert.Equal(expected, _run.Output);
        Assert.Matches(@"a\.wav: 2\.0 s of audio in \d+\.\d s \(real-time factor \d+\.\d{3}\)\n$", _run.Error);
        Assert.Equal(["a.wav"], _run.FilesIn("in"));
    }

    [Fact]
    public async Task Json_has_text_segments_and_language()
    {
        Assert.Equal(0, await _run.TranscribeAsync(_run.WriteWav("in/a.wav"), "-f", "json"));
        Assert.StartsWith("{\"task\":\"transcribe\",\"language\":\"english\",\"duration\":2,\"text\":\"Hello, world! Größe 10 --> 5 €.\",\"segments\":[{\"id\":0,", _run.Output);
        Assert.EndsWith("}\n", _run.Output);
    }

    [Fact]
    public async Task Long_lines_and_late_times_are_written_in_one_row()
    {
        _run.Engine.Windows = [ScriptedEngine.Window("en", ScriptedEngine.Segment(3661.005, 3662.0004, " one\ttwo\nthree"), ScriptedEngine.Segment(3662, 3663, " "))];
        Assert.Equal(0, await _run.TranscribeAsync(_run.WriteWav("in/a.wav"), "-f", "tsv,lrc", "-f", "txt"));
        Assert.Equal("start\tend\ttext\n3661005\t3662000\tone two three\n3662000\t3663000\t\n", CommandRun.Utf8(_run.Folder["in/a.tsv"]));
        Assert.Equal("[61:01.00]one\ttwo three\n[61:02.00]\n", CommandRun.Utf8(_run.Folder["in/a.lrc"]));
        Assert.Equal("one\ttwo three\n", CommandRun.Utf8(_run.Folder["in/a.txt"]));
        Assert.Empty(_run.Output);
    }

    [Fact]
    public async Task Text_comes_window_by_window()
    {
        _run.Engine.Windows = [ScriptedEngine.Hello];
        _run.Engine.Failure = new InvalidOperationException("broken");
        Assert.Equal(2, await _run.TranscribeAsync(_run.WriteWav("in/a.wav")));
        Assert.Equal("Hello, world!\nGröße 10 --> 5 €.\n", _run.Output);
        Assert.Contains("a.wav: internal error: System.InvalidOperationException: broken", _run.Error);
    }

    [Fact]
    public async Task All_formats_lie_beside_the_source_and_nothing_else_does()
    {
        Assert.Equal(0, await _run.TranscribeAsync(_run.WriteWav("in/talk.2024.wav"), "-f", "all", "--quiet"));
        Assert.Equal(["talk.2024.json", "talk.2024.lrc", "talk.2024.srt", "talk.2024.tsv", "talk.2024.txt", "talk.2024.vtt", "talk.2024.wav"], _run.FilesIn("in"));
        Assert.Empty(_run.Output + _run.Error);
    }

    [Fact]
    public async Task Output_folder_is_made_and_old_results_are_replaced()
    {
        var wav = _run.WriteWav("in/a.wav");
        Assert.Equal(0, await _run.TranscribeAsync(wav, "-o", _run.Folder["out/deep"]));
        File.WriteAllText(_run.Folder["out/deep/a.txt"], "old");
        Assert.Equal(0, await _run.TranscribeAsync(wav, "--output_dir", _run.Folder["out/deep"], "--output_format=srt"));
        Assert.Equal(0, await _run.TranscribeAsync(wav, "--output_dir", _run.Folder["out/deep"]));
        Assert.Equal(["a.srt", "a.txt"], _run.FilesIn("out/deep"));
        Assert.StartsWith("Hello", CommandRun.Utf8(_run.Folder["out/deep/a.txt"]));
        Assert.Contains($"-> {_run.Folder["out/deep/a.srt"]}", _run.Error);
    }

    [Fact]
    public async Task Pipe_is_a_file_called_stdin()
    {
        _run.Pipe(TestAudio.Wav());
        Assert.Equal(0, await _run.TranscribeAsync("-"));
        Assert.StartsWith("Hello, world!\n", _run.Output);
        Assert.StartsWith("stdin: 2.0 s of audio", _run.Error);
        Assert.Equal(0, await _run.TranscribeAsync("-", "-o", _run.Folder["out"]));
        Assert.Equal(["stdin.txt"], _run.FilesIn("out"));
    }

    [Fact]
    public async Task Empty_pipe_is_told()
    {
        _run.Pipe([]);
        Assert.Equal(2, await _run.TranscribeAsync("-"));
        Assert.Equal("stdin: The audio file is empty.\n", _run.Error);
    }

    [Fact]
    public async Task Cancellation_ends_a_pipe_that_gives_nothing()
    {
        using var over = new ManualResetEventSlim();
        using var stop = new CancellationTokenSource();
        _run.Host = _run.Host with { Input = () => new SilentStream(stop, over) };
        Assert.Equal(130, await _run.TranscribeAsync(stop.Token, "-"));
        over.Set();
    }

    [Fact]
    public async Task Bad_files_do_not_stop_the_good_ones_and_the_first_failure_counts()
    {
        var (good, bad, last) = (_run.WriteWav("in/good.wav"), _run.Folder["in/bad.wav"], _run.WriteWav("in/last.wav"));
        File.WriteAllText(bad, "no audio at all");
        Assert.Equal(1, await _run.TranscribeAsync(good, bad, _run.Folder["in/none.wav"], _run.Folder["in"], last));
        Assert.Equal(["bad.wav", "good.txt", "good.wav", "last.txt", "last.wav"], _run.FilesIn("in"));
        Assert.Contains($"{bad}: Invalid file format.", _run.Error);
        Assert.Contains($"{_run.Folder["in/none.wav"]}: Could not find file", _run.Error);
        Assert.Contains($"{_run.Folder["in"]}: is a folder", _run.Error);

        // What is missing is seen first, whatever the order; of the others the order counts.
        Assert.Equal(2, await _run.TranscribeAsync(bad, good));
    }

    [Fact]
    public async Task Nothing_is_loaded_when_no_file_is_there()
    {
        Assert.Equal(1, await _run.TranscribeAsync(_run.Folder["in/none.wav"]));
        Assert.Empty(_run.Loaded);
    }

    [Fact]
    public async Task Model_that_cannot_be_used_ends_with_two()
    {
        var wav = _run.WriteWav("in/a.wav");
        _run.Host = _run.Host with { Load = (_, _) => throw new InvalidModelException("The model file alpha cannot be used: it ends too early.") };
        Assert.Equal(2, await _run.TranscribeAsync(wav));
        Assert.Equal("The model file alpha cannot be used: it ends too early.\n", _run.Error);
    }

    [Theory]
    [InlineData("tiny", "\"models pull tiny\" fetches it")]
    [InlineData("nothing", "These models are here: ")]
    public async Task Model_that_is_not_here_ends_with_two(string model, string advice)
    {
        using var run = new CommandRun { Model = model };
        Assert.Equal(2, await run.TranscribeAsync(run.WriteWav("in/a.wav")));
        Assert.Contains($"--model: there is no model and no file '{model}' on this machine", run.Error);
        Assert.Contains(advice, run.Error);
    }

    [Fact]
    public async Task Model_can_be_a_file()
    {
        using var run = new CommandRun { Model = Path.Combine(AppContext.BaseDirectory, "models", "ggml-demo-q8_0.bin") };
        Assert.Equal(0, await run.TranscribeAsync(run.WriteWav("in/a.wav"), "--threads", "3", "--vad-model", run.Model));
        Assert.Equal((run.Model, new EngineSettings { Threads = 3, SpeechModel = run.Model }), Assert.Single(run.Loaded));
    }

    [Fact]
    public async Task Place_that_cannot_be_written_ends_with_three()
    {
        var (wav, blocked) = (_run.WriteWav("in/a.wav"), _run.WriteWav("in/b.wav"));
        Directory.CreateDirectory(_run.Folder["in/b.srt"]);
        Assert.Equal(3, await _run.TranscribeAsync(blocked, wav, "-f", "txt,srt"));
        Assert.Contains($"{blocked}: cannot write '{_run.Folder["in/b.srt"]}'", _run.Error);
        Assert.True(File.Exists(_run.Folder["in/a.srt"]));
        Assert.DoesNotContain(_run.FilesIn("in"), name => name.EndsWith(".tmp", StringComparison.Ordinal));
        Assert.Equal(3, await _run.TranscribeAsync(wav, "-o", wav));
    }

    [Fact]
    public async Task Full_pipe_ends_with_three()
    {
        _run.Host = _run.Host with { Output = new FullWriter() };
        Assert.Equal(3, await _run.TranscribeAsync(_run.WriteWav("in/a.wav")));
        Assert.Contains("cannot write to the standard output: No space left", _run.Error);
    }

    [Fact]
    public async Task Two_results_in_one_place_are_refused()
    {
        var (one, other) = (_run.WriteWav("in/a/x.wav"), _run.WriteWav("in/b/x.wave"));
        Assert.Equal(1, await _run.TranscribeAsync(one, other, "-o", _run.Folder["out"]));
        Assert.Contains($"'{one}' and '{other}' would both be written to '{_run.Folder["out/x.txt"]}'", _run.Error);
        Assert.Empty(_run.Loaded);
    }

    [Fact]
    public async Task Cancellation_stops_the_work_and_leaves_no_file()
    {
        using var stop = new CancellationTokenSource();
        using var gate = new ManualResetEventSlim();
        _run.Engine.Gate = gate;
        var work = _run.TranscribeAsync(stop.Token, _run.WriteWav("in/a.wav"), _run.WriteWav("in/b.wav"));
        await TestApi.WaitUntilAsync(() => Task.FromResult(Volatile.Read(ref _run.Engine.Running) == 1 && _run.Engine.Asked.Count == 1));
        await stop.CancelAsync();
        Assert.Equal(130, await work);
        Assert.Equal(["a.wav", "b.wav"], _run.FilesIn("in"));
        Assert.Equal((1, 0), (_run.Engine.Cancelled, _run.Engine.Running));
    }

    [Theory]
    [InlineData("--temperature is '1.5'; it must be a number from 0 to 1.", "--temperature", "1.5")]
    [InlineData("--temperature is 'NaN'; it must be a number from 0 to 1.", "--temperature", "NaN")]
    [InlineData("--beam-size is '9'; it must be a whole number from 1 to 8.", "--beam_size", "9")]
    [InlineData("--best-of is '2.5'; it must be a whole number from 1 to 8.", "--best-of", "2.5")]
    [InlineData("--patience is '0'; it must be a number from 0.1 to 10.", "--patience", "0")]
    [InlineData("--length-penalty is '2'; it must be a number from 0 to 1.", "--length-penalty", "2")]
    [InlineData("--temperature-inc is 'x'; it must be a number from 0 to 1.", "--temperature_increment_on_fallback", "x")]
    [InlineData("--seed is '99999999999'; it must be a whole number from -2147483648 to 2147483647.", "--seed", "99999999999")]
    [InlineData("--threads is '-1'; it must be a whole number from 0 to 1024.", "--threads=-1")]
    [InlineData("--language: 'klingon' is no language of Whisper;", "--language", "klingon")]
    [InlineData("--languages: 'xx' is no language of Whisper;", "--languages", "en,xx")]
    [InlineData("--languages is for finding out the language;", "--languages", "en", "--language", "en")]
    [InlineData("--language-per-window finds out the language;", "--language-per-window", "-l", "en")]
    [InlineData("--task: 'sing' is neither 'transcribe' nor 'translate'.", "--task", "sing")]
    [InlineData("--translate and --task contradict each other.", "--task", "transcribe", "--translate")]
    [InlineData("--vad-threshold is '2'; it must be a number from 0 to 1.", "--vad", "--vad-threshold", "2")]
    [InlineData("--vad-max-seconds is '31'; it must be a number from 1 to 30.", "--vad", "--vad-max-seconds", "31")]
    [InlineData("--vad-pad-ms needs --vad.", "--vad-pad-ms", "30")]
    [InlineData("--vad-model: there is no file '/none'.", "--vad-model", "/none")]
    [InlineData("--output-format: 'doc' is none of txt, srt, vtt, json, tsv, lrc, all.", "--output-format", "srt,doc")]
    [InlineData("There is no option '--loud', and no file of that name.", "--loud")]
    public async Task Wrong_option_is_named_before_anything_is_loaded(string message, params string[] args)
    {
        var code = await _run.TranscribeAsync([_run.WriteWav("in/a.wav"), .. args]);
        Assert.Equal(args[0] == "--vad-model" ? 2 : 1, code);
        Assert.StartsWith(message, _run.Error);
        Assert.Empty(_run.Loaded);
        Assert.Empty(_run.Output);
    }

    [Fact]
    public async Task Options_reach_the_engine()
    {
        Assert.Equal(0, await _run.TranscribeAsync(
            _run.WriteWav("in/a.wav"), "--language", "German", "--task", "TRANSLATE", "--word_timestamps", "True", "--prompt", "Once", "--keywords", "Ada, Grace", "--keywords", "Linus",
            "--condition_on_previous_text", "--keep-invented", "--beam-size", "4", "--best-of", "3", "--patience", "2", "--length-penalty", "0.5", "--temperature", "0.25",
            "--temperature-inc", "0", "--seed", "-7", "--vad", "--vad-threshold", "0.75", "--vad-min-speech-ms", "1", "--vad-min-silence-ms", "2", "--vad-pad-ms", "3", "--vad-max-seconds", "4.5"));
        var asked = _run.Engine.Asked.Single();
        Assert.Equal((SpeechTask.Translate, "de", true, "Once", true, false), (asked.Task, asked.Language, asked.WordTimestamps, asked.Prompt, asked.ConditionOnPreviousText, asked.DropInvented));
        Assert.Equal(["Ada", "Grace", "Linus"], asked.Keywords);
        var decoding = asked.Decoding;
        Assert.Equal((4, 3, 2f, 0.5f, 0.25f, 0f, -7), (decoding.BeamSize, decoding.BestOf, decoding.Patience, decoding.LengthPenalty, decoding.Temperature, decoding.TemperatureIncrement, decoding.Seed));
        Assert.Equal(
            new SpeechDetectionOptions
            {
                Threshold = 0.75,
                MinimumSpeech = TimeSpan.FromMilliseconds(1),
                MinimumSilence = TimeSpan.FromMilliseconds(2),
                Padding = TimeSpan.FromMilliseconds(3),
                MaximumLength = TimeSpan.FromSeconds(4.5),
            },
            asked.SpeechDetection);
    }

    [Fact]
    public async Task Nothing_asked_for_is_the_engines_default()
    {
        Assert.Equal(0, await _run.TranscribeAsync(_run.WriteWav("in/a.wav"), "--language", "auto", "--languages", "jv,Spanish", "--language-per-window"));
        var asked = _run.Engine.Asked.Single();
        Assert.Equal(["jw", "es"], asked.CandidateLanguages);
        Assert.Equal(new TranscribeOptions { Decoding = asked.Decoding, CandidateLanguages = asked.CandidateLanguages, Keywords = asked.Keywords, LanguagePerWindow = true }, asked);
        Assert.Equal(new DecodingOptions { SuppressTokens = asked.Decoding.SuppressTokens }, asked.Decoding);
        Assert.Empty(asked.Keywords);
    }

    [Fact]
    public async Task Names_that_look_like_something_else_are_files()
    {
        var (at, dash) = (_run.WriteWav("in/@list.wav"), _run.WriteWav("in/--output_x.wav"));
        Assert.Equal(0, await _run.TranscribeAsync("-f", "txt", "-f", "srt", "-q", at));
        var verb = TranscriptionApi.Commands.TranscribeCommand.RunAsync(
            ["transcribe", "--model", "alpha", "--data-folder", _run.Folder.Path, "-o", _run.Folder["out"], "--", Path.GetRelativePath(Environment.CurrentDirectory, dash)], _run.Host, TestContext.Current.CancellationToken);
        Assert.Equal(0, await verb);
        Assert.Equal(["--output_x.txt"], _run.FilesIn("out"));
    }

    [Fact]
    public async Task Verbose_shows_segments_with_their_times_on_the_error_stream()
    {
        _run.Engine.Windows = [ScriptedEngine.Window("en", ScriptedEngine.Segment(0.5, 1.25, " one"), ScriptedEngine.Segment(3600, 3661.5, " two"))];
        Assert.Equal(0, await _run.TranscribeAsync(_run.WriteWav("in/a.wav"), "--verbose"));
        Assert.StartsWith("[00:00.500 --> 00:01.250] one\n[01:00:00.000 --> 01:01:01.500] two\n", _run.Error);
        Assert.Equal("one\ntwo\n", _run.Output);
    }

    [Fact]
    public async Task Terminal_gets_a_bar_and_the_output_stays_clean()
    {
        _run.Host = _run.Host with { ErrorIsTerminal = true };
        Assert.Equal(0, await _run.TranscribeAsync(_run.WriteWav("in/a[x].wav")));
        Assert.Equal("Hello, world!\nGröße 10 --> 5 €.\n", _run.Output);
        Assert.Contains("2.0 s of audio", _run.Error);
    }

    [Fact]
    public async Task Help_names_every_option()
    {
        Assert.Equal(0, await _run.TranscribeAsync("--help"));
        Assert.All(
            ["--output-format", "--output-dir", "--language", "--vad-max-seconds", "--keep-invented", "--temperature-inc", "130 after Ctrl-C"],
            part => Assert.Contains(part, _run.Output));
    }

    [Fact]
    public async Task Demo_model_understands_the_sample()
    {
        using var run = new CommandRun { Model = "demo" };
        run.Host = run.Host with { Load = SpeechToText.Load };
        var sample = Path.Combine(AppContext.BaseDirectory, "samples", "sample-en.wav");
        Assert.Equal(0, await run.TranscribeAsync(sample));
        Assert.Equal("Alice is going to the library tomorrow.\n", run.Output);
        run.Pipe(await File.ReadAllBytesAsync(sample, TestContext.Current.CancellationToken));
        Assert.Equal(0, await run.TranscribeAsync("-", "--language", "english", "-f", "srt", "-o", run.Folder["out"]));
        Assert.Matches(@"^1\n00:00:0\d,\d{3} --> 00:00:0\d,\d{3}\nAlice is going to the library tomorrow\.\n", CommandRun.Utf8(run.Folder["out/stdin.srt"]));
    }

    /// <summary>Cancels when it is read from, and gives nothing until the test is over.</summary>
    sealed class SilentStream(CancellationTokenSource stop, ManualResetEventSlim over) : MemoryStream
    {
        public override int Read(byte[] buffer, int offset, int count)
        {
            stop.Cancel();
            over.Wait(TimeSpan.FromSeconds(20));
            return 0;
        }

        public override int Read(Span<byte> buffer) => Read([], 0, 0);
    }

    sealed class FullWriter : StringWriter
    {
        public override void Write(string? value) => throw new IOException("No space left on device");
    }
}
