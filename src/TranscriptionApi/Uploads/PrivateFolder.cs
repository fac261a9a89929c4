namespace TranscriptionApi.Uploads;

/// <summary>Folders that only this user may look into.</summary>
static class PrivateFolder
{
    public static void Create(string path)
    {
        Directory.CreateDirectory(path);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
