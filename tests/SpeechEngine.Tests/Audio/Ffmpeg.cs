using System.Diagnostics;

namespace SpeechEngine.Tests.Audio;

/// <summary>The ffmpeg of this machine, to make files with; without it the test is skipped.</summary>
static class Ffmpeg
{
    static readonly bool IsInstalled = Run("-version").ExitCode == 0;

    /// <summary>One and a half seconds of 440 Hz, 0.5 loud on both channels, 44.1 kHz.</summary>
    public static readonly string[] StereoTone = ["-f", "lavfi", "-i", "aevalsrc=0.5*sin(2*PI*440*t)|0.5*sin(2*PI*440*t):s=44100:d=1.5"];

    public static void SkipUnlessInstalled() => Assert.SkipUnless(IsInstalled, "ffmpeg is not installed");

    /// <summary>Makes <paramref name="path"/>; skips the test when this ffmpeg was built without the encoder.</summary>
    public static string Make(string path, params string[] arguments)
    {
        SkipUnlessInstalled();
        var (exitCode, errors) = Run(["-nostdin", "-v", "error", "-y", .. arguments, path]);
        Assert.SkipWhen(errors.Contains("Unknown encoder", StringComparison.Ordinal), errors);
        Assert.True(exitCode == 0, errors);
        return path;
    }

    static (int ExitCode, string Errors) Run(params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("ffmpeg", arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            process.StandardOutput.ReadToEnd();
            var errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, errors);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return (-1, "");
        }
    }
}
