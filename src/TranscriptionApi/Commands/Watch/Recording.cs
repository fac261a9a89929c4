using System.IO.Enumeration;
using TranscriptionApi.Transcriptions.Formats;

namespace TranscriptionApi.Commands.Watch;

/// <summary>A file of a watched folder as it was at one look.</summary>
/// <param name="Name">Path within the folder, with slashes: what it is remembered by.</param>
/// <param name="Path">Full path.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Modified">When it was last written, UTC.</param>
sealed record Recording(string Name, string Path, long Size, DateTime Modified)
{
    // What browsers and copying programs call a file that is still on its way.
    static readonly string[] Unfinished = [".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".filepart", "~"];

    /// <summary>
    /// Every file that could be a recording, by name only: not hidden, not on its way, not one of our results, not empty.
    /// Links to folders are not followed, so the walk ends.
    /// </summary>
    /// <exception cref="IOException">The folder is not there or cannot be read.</exception>
    public static IReadOnlyList<Recording> In(string folder, bool recursive)
    {
        var options = new EnumerationOptions
        {
            RecurseSubdirectories = recursive,
            IgnoreInaccessible = true,
            AttributesToSkip = FileAttributes.Hidden | FileAttributes.System,
        };
        var files = new FileSystemEnumerable<string>(folder, (ref FileSystemEntry entry) => entry.ToFullPath(), options)
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory && IsCandidate(entry.FileName),
            ShouldRecursePredicate = (ref FileSystemEntry entry) => (entry.Attributes & FileAttributes.ReparsePoint) == 0,
        };
        return [.. files.Select(path => At(path, folder)).OfType<Recording>()];
    }

    /// <summary>The file as it is now; null when it is gone or empty, as pipes and devices are.</summary>
    public static Recording? At(string path, string folder)
    {
        try
        {
            // A link changes with what it points to.
            var file = new FileInfo(path);
            file = file.LinkTarget is null ? file : file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo;
            return file is { Exists: true, Length: > 0 }
                ? new Recording(System.IO.Path.GetRelativePath(folder, path).Replace(System.IO.Path.DirectorySeparatorChar, '/'), path, file.Length, file.LastWriteTimeUtc)
                : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    static bool IsCandidate(ReadOnlySpan<char> name)
    {
        foreach (var ending in Unfinished)
        {
            if (name.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
            {
                return false;
            }
        }

        return FileFormats.Find(System.IO.Path.GetExtension(name).TrimStart('.').ToString()) is null;
    }
}
