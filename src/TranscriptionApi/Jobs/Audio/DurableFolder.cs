using System.Runtime.InteropServices;

namespace TranscriptionApi.Jobs.Audio;

/// <summary>Brings the names in a folder to the disk: a file that is flushed may still lose its name when the power goes.</summary>
static partial class DurableFolder
{
    const int ReadOnly = 0;

    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            // NTFS writes names through its own journal.
            return;
        }

        var file = Open(folder, ReadOnly);
        if (file < 0)
        {
            throw new IOException($"The folder '{folder}' cannot be opened (error {Marshal.GetLastPInvokeError()}).");
        }

        var result = Sync(file);
        var error = Marshal.GetLastPInvokeError();
        _ = Close(file);
        if (result < 0)
        {
            throw new IOException($"The folder '{folder}' cannot be written to the disk (error {error}).");
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int file);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);
}
