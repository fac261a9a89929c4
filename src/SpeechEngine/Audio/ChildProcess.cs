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
/// its output. Whatever happens, the program and its children are gone when <see cref="Run"/> is over.
/// </summary>
static class ChildProcess
{
    const int MaxComplaintBytes = 64 * 1024;
    const long MaxAddressSpaceBytes = 2L << 30; // below 0.8 GiB Debian's ffmpeg cannot even load its libraries

    // What a program may need to be found and loaded; nothing that configures it or holds a secret.
    static readonly string[] KeptVariables = ["PATH", "LD_LIBRARY_PATH", "SystemRoot"];

    /// <summary>Runs <paramref name="program"/>, gives its standard output to <paramref name="read"/>, waits for its end.</summary>
    /// <exception cref="OperationCanceledException">Killed because of <paramref name="cancellation"/>.</exception>
    /// <exception cref="InvalidAudioException">The program cannot be started; or whatever <paramref name="read"/> throws.</exception>
    public static ChildEnd Run(
        string program, IReadOnlyList<string> arguments, TimeSpan cpuLimit, Action<Stream> read, CancellationToken cancellation)
    {
        using var process = Start(program, arguments, cpuLimit);
        using var output = process.StandardOutput.BaseStream;
        using var errors = process.StandardError.BaseStream;
        var complaints = new Complaints(errors);
        try
        {
            process.StandardInput.Close();

            // Blocking reads and waits cannot be cancelled; killing the other side ends both.
            using (cancellation.UnsafeRegister(static child => KillTree((Process)child!), process))
            {
                read(output);
                process.WaitForExit();
            }

            cancellation.ThrowIfCancellationRequested();
            return new ChildEnd(process.ExitCode, complaints.Take());
        }
        finally
        {
            KillTree(process);
            process.WaitForExit();
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

    /// <summary>Reads standard error on a thread of its own, so that a flood of messages never blocks the program.</summary>
    sealed class Complaints
    {
        readonly Thread _reader;
        readonly ArrayBufferWriter<byte> _kept = new();

        public Complaints(Stream errors)
        {
            _reader = new Thread(() => Read(errors)) { IsBackground = true, Name = "ffmpeg errors" };
            _reader.Start();
        }

        /// <summary>The text, without control characters; call after the program's end.</summary>
        public string Take()
        {
            // A stray grandchild may hold the pipe open; its messages are not worth waiting for.
            if (!_reader.Join(TimeSpan.FromSeconds(1)))
            {
                return "";
            }

            var text = Encoding.UTF8.GetString(_kept.WrittenSpan);
            return string.Concat(text.Select(letter => char.IsControl(letter) ? ' ' : letter)).Trim();
        }

        void Read(Stream errors)
        {
            var buffer = new byte[4096];
            try
            {
                for (int read; (read = errors.Read(buffer)) > 0;)
                {
                    _kept.Write(buffer.AsSpan(0, Math.Min(read, MaxComplaintBytes - _kept.WrittenCount)));
                }
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // The program is gone and its pipe was closed: there is nothing more to keep.
            }
        }
    }
}
