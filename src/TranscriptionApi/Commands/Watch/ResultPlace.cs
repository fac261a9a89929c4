namespace TranscriptionApi.Commands.Watch;

/// <summary>Chooses the names of a recording's results so that a watch never overwrites a file it did not write.</summary>
/// <param name="root">The folder results are in, or below.</param>
sealed class ResultPlace(string root, WatchJournal journal)
{
    /// <summary>
    /// The files to write; null when somebody already made them: all are there and newer than the recording.
    /// "talk.txt" it is for "talk.mp3", or "talk.mp3.txt" when the shorter name belongs to "talk.wav" or to a person's own notes.
    /// </summary>
    public ResultFiles? Choose(Recording recording, OutputChoice output)
    {
        var full = ResultFiles.WithFullName(recording.Path, output);
        foreach (var files in new[] { ResultFiles.NamedAfter(recording.Path, output), full })
        {
            var owners = files.Paths.Select(path => journal.OwnerOf(NameOf(path))).ToList();
            if (owners.Any(owner => owner is not null && owner != recording.Name))
            {
                continue;
            }

            var strangers = files.Paths.Where((path, i) => owners[i] is null && File.Exists(path)).ToList();
            if (strangers.Count == 0)
            {
                return files;
            }

            if (strangers.Count == files.Paths.Count && strangers.TrueForAll(path => File.GetLastWriteTimeUtc(path) >= recording.Modified))
            {
                return null;
            }
        }

        return full;
    }

    /// <summary>How the journal calls a result.</summary>
    public string NameOf(string path) => Path.GetRelativePath(root, path).Replace(Path.DirectorySeparatorChar, '/');
}
