namespace SpeechEngine.Audio;

/// <summary>Finds installed programs the way a shell does, so that a missing one is known before anything is started.</summary>
static class ProgramFinder
{
    const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Full path of <paramref name="program"/>, a name looked up in PATH or a path; null when there is none.</summary>
    public static string? Find(string program)
    {
        if (program.Length == 0)
        {
            return null;
        }

        if (program != Path.GetFileName(program))
        {
            return IsProgram(program) ? Path.GetFullPath(program) : null;
        }

        var names = OperatingSystem.IsWindows() && !Path.HasExtension(program) ? [program + ".exe"] : new[] { program };
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return folders
            .SelectMany(folder => names.Select(name => Path.Combine(folder, name)))
            .FirstOrDefault(IsProgram);
    }

    static bool IsProgram(string path) =>
        File.Exists(path) && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & AnyExecute) != 0);
}
