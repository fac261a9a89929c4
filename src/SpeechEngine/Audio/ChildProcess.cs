using System.Buffers;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace SpeechEngine.Audio;

/// <summary>How a child process ended.</summary>
/// <param name="ExitCode">Its exit code; 128 + n when signal n killed it.</param>
/// <param name="Complaints">What it wrote to standard error, cut off; untrusted, for the operator's eyes only.</param>
readonly record struct ChildEnd(int ExitCode, string Complaints)
{
    /// <summary>The shell's and the loader's codes for a program that exists but cannot run, say without its libraries.</summary>
    public bool CouldNotRun => ExitCode is 126 or 127;

    public bool WasKilled => ExitCode is > 128 and < 160;
}

/// <summary>
/// Runs one program without a shell, with an empty environment, with limits where the system has the tools, and reads
/// its output. Whatever happens, the program and the children it still has are gone when <see cref="Run"/> is over.
/// </summary>
/// <remarks>
/// The asynchronous reads and waits here are waited for on the spot: they are the only ones that can be given up, and
/// a pipe stays open for as long as anybody holds its other end, even when the program itself is dead.
/// </remarks>
static class ChildProcess
{
    const int MaxComplaintBytes = 64 * 1024;
    const long MaxAddressSpaceBytes = 2L << 30; // below 0.8 GiB Debian's ffmpeg cannot even load its libraries

    // How long messages are waited for that were written just before the program's end.
    static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);

    // What a program may need to be found and loaded; nothing that configures it or holds a secret.
    static readonly string[] KeptVariables = ["PATH", "LD_LIBRARY_PATH", "SystemRoot"];

    /// <summary>Runs <paramref name="program"/>, gives its standard output to <paramref name="read"/>, waits for its end.</summary>
    /// <param name="program">Full path of the program.</param>
    /// <param name="arguments">Its arguments, taken literally.</param>
    /// <param name="cpuLimit">Processor time it may use.</param>
    /// <param name="read">Gets its standard output; a read returns 0 at the end and throws when cancelled.</param>
    /// <param name="cancellation">Kills the program.</param>
    /// <exception cref="OperationCanceledException">Killed because of <paramref name="cancellation"/>.</exception>
    /// <exception cref="InvalidAudioException">The program cannot be started; or whatever <paramref name="read"/> throws.</exception>
    public static ChildEnd Run(
        string program,
        IReadOnlyList<string> arguments,
        TimeSpan cpuLimit,
        Action<Func<Memory<byte>, int>> read,
        CancellationToken cancellation)
    {
        using var process = Start(program, arguments, cpuLimit);
        using var output = process.StandardOutput.BaseStream;
        using var errors = process.StandardError.BaseStream;
        using var stopListening = new CancellationTokenSource();
        var complaints = ReadComplaintsAsync(errors, stopListening.Token);
        try
        {
            process.StandardInput.Close();
            read(buffer => output.ReadAsync(buffer, cancellation).AsTask().GetAwaiter().GetResult());
            process.WaitForExitAsync(cancellation).GetAwaiter().GetResult();

            stopListening.CancelAfter(LastWords);
            return new ChildEnd(process.ExitCode, complaints.GetAwaiter().GetResult());
        }
        finally
        {
            KillTree(process);
            process.WaitForExit();
            stopListening.Cancel();
            complaints.GetAwaiter().GetResult();
        }
    }

    static Process Start(string program, IReadOnlyList<string> arguments, TimeSpan cpuLimit)
    {
        List<string> command = [.. Limits(cpuLimit), program, .. arguments];
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // A place where relative names lead to nothing of ours.
            WorkingDirectory = Path.GetPathRoot(program),
        };
        start.Environment.Clear();
        foreach (var name in KeptVariables)
        {
            if (Environment.GetEnvironmentVariable(name) is { } value)
            {
                start.Environment[name] = value;
            }
        }

        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw AudioErrors.FfmpegMissing(program, e);
        }
    }

    // Both programs put their arguments in their own place, so the process that we know is the limited one.
    static IEnumerable<string> Limits(TimeSpan cpuLimit)
    {
        var seconds = ((long)Math.Ceiling(cpuLimit.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        if (OperatingSystem.IsLinux() && ProgramFinder.Find("prlimit") is { } prlimit)
        {
            yield return prlimit;
            yield return $"--as={MaxAddressSpaceBytes.ToString(CultureInfo.InvariantCulture)}";
            yield return $"--cpu={seconds}";
            yield return "--nofile=32";
            yield return "--core=0";
            yield return "--fsize=0"; // it has no file to write
        }

        // The machine's time belongs to the transcriptions that already run.
        if (!OperatingSystem.IsWindows() && ProgramFinder.Find("nice") is { } nice)
        {
            yield return nice;
            yield return "-n";
            yield return "10";
        }
    }

    static void KillTree(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It, or one of its children, ended by itself in the meantime.
        }
    }

    // Reads to the end, so that a flood of messages never blocks the program, but keeps only the beginning.
    static async Task<string> ReadComplaintsAsync(Stream errors, CancellationToken stop)
    {
        var kept = new ArrayBufferWriter<byte>();
        var buffer = new byte[4096];
        try
        {
            for (int read; (read = await errors.ReadAsync(buffer, stop).ConfigureAwait(false)) > 0;)
            {
                kept.Write(buffer.AsSpan(0, Math.Min(read, MaxComplaintBytes - kept.WrittenCount)));
            }
        }
        catch (OperationCanceledException)
        {
            // Somebody else holds the pipe open; what came so far will do.
        }

        var text = Encoding.UTF8.GetString(kept.WrittenSpan);
        return string.Concat(text.Select(letter => char.IsControl(letter) ? ' ' : letter)).Trim();
    }
}
