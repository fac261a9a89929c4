using System.Diagnostics;
using System.Runtime.InteropServices;

namespace TranscriptionApi.Tests.Jobs;

/// <summary>Unix signals that .NET has no words for, by their numbers on Linux.</summary>
enum Signal
{
    Interrupt = 2,
    Quit = 3,
    Kill = 9,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}

static partial class Signals
{
    /// <summary>Sends a signal to a process that may be gone.</summary>
    public static void Send(this Process process, Signal signal) => _ = Kill(process.Id, (int)signal);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
