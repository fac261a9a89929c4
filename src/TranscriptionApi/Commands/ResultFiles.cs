using System.Text;
using TranscriptionApi.Transcriptions;

namespace TranscriptionApi.Commands;

/// <summary>The files that one recording's transcript is written to.</summary>
sealed class ResultFiles(string stem, OutputChoice output)
{
    static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Full paths, one per format.</summary>
    public IReadOnlyList<string> Paths { get; } = [.. output.Formats.Select(format => $"{stem}.{format.Name}")];

    /// <summary>"folder/talk.srt" for "talk.mp3".</summary>
    public static ResultFiles NamedAfter(string source, OutputChoice output) =>
        new(Path.Combine(FolderOf(source, output), Path.GetFileNameWithoutExtension(source)), output);

    /// <summary>"folder/talk.mp3.srt" for "talk.mp3": for when another recording has the shorter name.</summary>
    public static ResultFiles WithFullName(string source, OutputChoice output) =>
        new(Path.Combine(FolderOf(source, output), Path.GetFileName(source)), output);

    /// <summary>Makes the folder, so that one that cannot be written is told before the work begins.</summary>
    /// <exception cref="CommandFailure">The folder cannot be made.</exception>
    public static void MakeFolder(string folder) => Attempt(folder, () => Directory.CreateDirectory(folder));

    /// <summary>
    /// Writes all formats: first beside their places under hidden names, then each is put into its place at once,
    /// so that whoever looks finds a whole file or none.
    /// </summary>
    /// <exception cref="CommandFailure">A file cannot be written; then none of the hidden ones is left.</exception>
    public void Write(Transcript transcript)
    {
        var parts = Paths.Select(path => Path.Combine(Path.GetDirectoryName(path)!, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}.tmp")).ToList();
        try
        {
            for (var i = 0; i < output.Formats.Count; i++)
            {
                var (part, text) = (parts[i], output.Formats[i].Write(transcript, output.Layout));
                Attempt(Paths[i], () => File.WriteAllText(part, text, Utf8));
            }

            for (var i = 0; i < output.Formats.Count; i++)
            {
                var (part, path) = (parts[i], Paths[i]);
                Attempt(path, () => File.Move(part, path, overwrite: true));
            }
        }
        finally
        {
            parts.ForEach(Remove);
        }
    }

    static string FolderOf(string source, OutputChoice output) => output.Folder ?? Path.GetDirectoryName(Path.GetFullPath(source))!;

    static void Attempt(string path, Action write)
    {
        try
        {
            write();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure(ExitCode.Unwritable, $"cannot write '{path}': {error.Message}", error);
        }
    }

    static void Remove(string part)
    {
        try
        {
            File.Delete(part);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The failure that left it here is the one to be told.
        }
    }
}
