using System.Runtime.InteropServices;

namespace TranscriptionApi.Jobs.Audio;

/// <summary>Gives a flushed file another name, also on another file system: under the new name it is there whole or not at all.</summary>
static partial class DurableFile
{
    const string Unfinished = ".part";

    // EXDEV, on Linux as on macOS.
    const int OtherFileSystem = 18;

    public static void Move(string source, string target)
    {
        if (TryRename(source, target))
        {
            return;
        }

        var part = target + Unfinished;
        try
        {
            Copy(source, part);
            File.Move(part, target);
        }
        catch
        {
            File.Delete(part);
            throw;
        }

        File.Delete(source);
    }

    static bool TryRename(string source, string target)
    {
        if (OperatingSystem.IsWindows())
        {
            var isSameVolume = string.Equals(Path.GetPathRoot(source), Path.GetPathRoot(target), StringComparison.OrdinalIgnoreCase);
            if (isSameVolume)
            {
                File.Move(source, target);
            }

            return isSameVolume;
        }

        if (Rename(source, target) == 0)
        {
            return true;
        }

        var error = Marshal.GetLastPInvokeError();
        return error == OtherFileSystem ? false : throw new IOException($"'{source}' cannot become '{target}' (error {error}).");
    }

    static void Copy(string source, string part)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var from = File.OpenRead(source);
        using var to = new FileStream(part, options);
        from.CopyTo(to);
        to.Flush(flushToDisk: true);
    }

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string source, string target);
}
