using System.Diagnostics;
using System.Text;
using SpeechEngine.Audio;

namespace SpeechEngine.Tests.Audio;

/// <summary>Scripts stand in for ffmpeg and misbehave in every way we could think of.</summary>
[Collection(nameof(ChildProcesses))]
public sealed class ExternalDecoderTests : IDisposable
{
    // An AU file of floats at 16 kHz with two channels.
    const string AuHeader = @"printf '.snd\000\000\000\030\377\377\377\377\000\000\000\006\000\000\076\200\000\000\000\002';";

    readonly TempFolder _folder = new();
    readonly string _flac;

    public ExternalDecoderTests() => _flac = _folder.Write("upload", [.. "fLaC"u8, .. new byte[100]]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Missing_ffmpeg_is_reported_with_the_way_to_install_it()
    {
        var error = Assert.Throws<InvalidAudioException>(() => Decode("no-such-program"));

        Assert.Equal(AudioFault.DecoderMissing, error.Fault);
        foreach (var word in new[] { "no-such-program", "apt-get install ffmpeg", "dnf install ffmpeg", "apk add ffmpeg", "brew install ffmpeg", "WAV works without" })
        {
            Assert.Contains(word, error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("/no/such/folder/ffmpeg")]
    [InlineData("/tmp")]
    public void Path_that_is_no_program_is_reported_as_missing(string program) =>
        Assert.Equal(AudioFault.DecoderMissing, Assert.Throws<InvalidAudioException>(() => Decode(program)).Fault);

    [Fact]
    public void Program_that_cannot_be_executed_is_reported_as_missing()
    {
        var program = Executable([.. "\x7F"u8, .. "ELF"u8, .. new byte[100]]);

        Assert.Equal(AudioFault.DecoderMissing, Assert.Throws<InvalidAudioException>(() => Decode(program)).Fault);
    }

    [Fact]
    public void Output_becomes_samples_even_when_it_comes_in_odd_pieces()
    {
        // 0x3F000000 is 0.5, four bytes at a time cut in the middle; then NaN.
        var samples = Decode(Script("""
            i=0; while [ $i -lt 1000 ]; do printf '\000\000'; printf '\000\077\000'; printf '\000\000\077'; i=$((i+1)); done
            printf '\000\000\300\177'
            """));

        Assert.Equal(2_001, samples.Length);
        Assert.All(samples[..2_000], sample => Assert.Equal(0.5f, sample));
        Assert.Equal(0f, samples[2_000]);
    }

    [Fact]
    public void Failure_after_useful_output_keeps_the_output() =>
        Assert.Equal(8_000, Decode(Script("head -c 32000 /dev/zero; exit 1")).Length);

    [Theory]
    [InlineData("exit 1", AudioFault.Damaged)]
    [InlineData("head -c 400 /dev/zero; exit 1", AudioFault.Damaged)]
    [InlineData("head -c 32000 /dev/zero; kill -SEGV $$", AudioFault.Damaged)]
    [InlineData("echo broken >&2", AudioFault.Damaged)]
    [InlineData("exit 0", AudioFault.Empty)]
    [InlineData("head -c 400 /dev/zero", AudioFault.TooShort)]
    [InlineData("exit 127", AudioFault.DecoderMissing)]
    public void Bad_end_is_refused(string script, AudioFault fault) =>
        Assert.Equal(fault, Assert.Throws<InvalidAudioException>(() => Decode(Script(script))).Fault);

    [Fact]
    public void Flood_of_messages_neither_blocks_nor_reaches_the_client()
    {
        var error = Assert.Throws<InvalidAudioException>(() => Decode(Script("printf 'secret\\033[31m' >&2; head -c 5000000 /dev/zero >&2; exit 1")));

        Assert.Equal("Audio file might be corrupted or unsupported", error.Message);
        var report = Assert.IsType<InvalidDataException>(error.InnerException).Message;
        Assert.Contains("secret", report, StringComparison.Ordinal);
        Assert.DoesNotContain(report, char.IsControl);
        Assert.InRange(report.Length, 0, 66_000);
    }

    [Fact]
    public void Endless_output_is_stopped_at_the_limit()
    {
        var error = Assert.Throws<InvalidAudioException>(
            () => Decode(Script("exec cat /dev/zero"), new AudioDecoderSettings { MaxDuration = TimeSpan.FromSeconds(100) }));

        Assert.Equal(AudioFault.TooLong, error.Fault);
        Assert.Equal("Audio file is too long. Maximum audio length is 100 seconds.", error.Message);
        Assert.Empty(ChildProcesses.Running());
    }

    [Fact]
    public void Endless_output_of_channels_is_stopped_at_the_limit()
    {
        var error = Assert.Throws<InvalidAudioException>(
            () => DecodeChannels(Script(AuHeader + "exec cat /dev/zero"), new AudioDecoderSettings { MaxDuration = TimeSpan.FromSeconds(100) }));

        Assert.Equal(AudioFault.TooLong, error.Fault);
        Assert.Equal("Audio file is too long. Maximum audio length is 50 seconds for a file whose 2 channels are transcribed one by one.", error.Message);
        Assert.Empty(ChildProcesses.Running());
    }

    [Theory]
    [InlineData("exit 1", AudioFault.Damaged)]
    [InlineData("head -c 64000 /dev/zero", AudioFault.Damaged)]
    [InlineData(AuHeader + "exit 1", AudioFault.Damaged)]
    [InlineData(AuHeader + "head -c 64000 /dev/zero; kill -SEGV $$", AudioFault.Damaged)]
    [InlineData("exit 0", AudioFault.Empty)]
    [InlineData(AuHeader, AudioFault.Empty)]
    [InlineData(AuHeader + "head -c 12792 /dev/zero", AudioFault.TooShort)]
    public void Bad_end_of_channels_is_refused(string script, AudioFault fault) =>
        Assert.Equal(fault, Assert.Throws<InvalidAudioException>(() => DecodeChannels(Script(script), new AudioDecoderSettings())).Fault);

    [Fact]
    public void Failure_after_useful_channels_keeps_them() =>
        Assert.Equal(8_000, DecodeChannels(Script(AuHeader + "head -c 64000 /dev/zero; exit 1"), new AudioDecoderSettings()));

    [Fact]
    public async Task Hung_program_and_its_children_are_killed_at_the_time_limit()
    {
        var script = Script("trap '' TERM INT HUP; sleep 86399.125 & wait");
        var clock = Stopwatch.StartNew();

        var error = Assert.Throws<InvalidAudioException>(() => Decode(script, new AudioDecoderSettings { FfmpegTimeLimit = TimeSpan.FromSeconds(1) }));

        Assert.Equal(AudioFault.Damaged, error.Fault);
        Assert.Equal("The audio could not be decoded within 1 s; the file might be corrupted.", error.Message);
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(20));
        Assert.Empty(ChildProcesses.Running());
        Assert.True(await ChildProcesses.WithArgumentIsGoneAsync("86399.125"));
    }

    [Fact]
    public void Pipe_held_open_by_a_stray_process_does_not_hold_the_decoder()
    {
        var script = Script("sleep 15 & exit 0");
        var clock = Stopwatch.StartNew();

        var error = Assert.Throws<InvalidAudioException>(() => Decode(script, new AudioDecoderSettings { FfmpegTimeLimit = TimeSpan.FromSeconds(1) }));

        Assert.Equal(AudioFault.Damaged, error.Fault);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(12));
    }

    [Fact]
    public void Messages_of_a_stray_process_are_not_waited_for()
    {
        var script = Script("sleep 15 > /dev/null & head -c 32000 /dev/zero");
        var clock = Stopwatch.StartNew();

        Assert.Equal(8_000, Decode(script).Length);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(12));
    }

    [Theory]
    [InlineData("sleep 86399.25 & wait")]
    [InlineData("exec >&- 2>&-; sleep 86399.25 & wait")]
    public async Task Cancelling_kills_the_program_and_its_children(string script)
    {
        using var giveUp = new CancellationTokenSource();
        var program = Script(script);
        var decoding = Task.Run(() => DecodeUntil(program, new AudioDecoderSettings(), giveUp.Token), TestContext.Current.CancellationToken);
        while (!ChildProcesses.AnyHasArgument("86399.25") && !decoding.IsCompleted)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        await giveUp.CancelAsync();

        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => decoding);
        Assert.Equal(giveUp.Token, error.CancellationToken);
        Assert.Empty(ChildProcesses.Running());
        Assert.True(await ChildProcesses.WithArgumentIsGoneAsync("86399.25"));
    }

    [Fact]
    public void Program_gets_no_secrets_no_input_and_no_folder_of_ours()
    {
        Environment.SetEnvironmentVariable("SPEECH_ENGINE_TEST_SECRET", "swordfish");

        var report = ReportOf("env; pwd; cat; echo end of input; exit 1");

        Assert.DoesNotContain("swordfish", report, StringComparison.Ordinal);
        Assert.Contains(" PWD=/ ", report, StringComparison.Ordinal);
        Assert.EndsWith("end of input", report, StringComparison.Ordinal);
    }

    [Fact]
    public void Program_runs_with_limits()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/prlimit"), "prlimit is not installed");

        var report = ReportOf("echo memory $(ulimit -v) cpu $(ulimit -t) files $(ulimit -n) core $(ulimit -c) size $(ulimit -f) nice $(nice); exit 1");

        Assert.Contains("memory 2097152 cpu 600 files 32 core 0 size 0 nice ", report, StringComparison.Ordinal);
        Assert.DoesNotContain("nice 0", report, StringComparison.Ordinal);
    }

    [Fact]
    public void Program_is_told_the_format_and_the_whole_path()
    {
        var report = ReportOf("""for a; do printf '<%s>' "$a"; done; exit 1""");

        Assert.Contains("<-protocol_whitelist><file>", report, StringComparison.Ordinal);
        Assert.Contains("<-format_whitelist><flac>", report, StringComparison.Ordinal);
        Assert.Contains("<-f><flac><-t><14401><-i><file:" + _flac + ">", report, StringComparison.Ordinal);
        Assert.EndsWith("<-f><f32le><pipe:1>", report, StringComparison.Ordinal);
    }

    string ReportOf(string script) =>
        Assert.Throws<InvalidAudioException>(() => Decode(Script("exec 1>&2\n" + script))).InnerException!.Message;

    string Script(string body) => Executable(Encoding.UTF8.GetBytes("#!/bin/sh\n" + body + "\n"));

    string Executable(byte[] content)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs a shell and /proc");
        var path = _folder.Write("ffmpeg", content);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        return path;
    }

    int DecodeChannels(string program, AudioDecoderSettings settings)
    {
        using var audio = new AudioDecoder(settings with { Ffmpeg = program }).DecodeChannels(_flac, CancellationToken.None);
        return audio.Channels[0].SampleCount;
    }

    float[] Decode(string program) => Decode(program, new AudioDecoderSettings());

    float[] Decode(string program, AudioDecoderSettings settings) => DecodeUntil(program, settings, CancellationToken.None);

    float[] DecodeUntil(string program, AudioDecoderSettings settings, CancellationToken giveUp)
    {
        using var audio = new AudioDecoder(settings with { Ffmpeg = program }).Decode(_flac, giveUp);
        return audio.Samples.ToArray();
    }
}
