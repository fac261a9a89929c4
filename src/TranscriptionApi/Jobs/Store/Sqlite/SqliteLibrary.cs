using System.Reflection;
using System.Runtime.InteropServices;
using SQLitePCL;
using TranscriptionApi.Settings;

namespace TranscriptionApi.Jobs.Store.Sqlite;

/// <summary>Which native SQLite is used: the system's, which is kept patched; the one of the package is for systems without any.</summary>
static class SqliteLibrary
{
    // RETURNING and MATERIALIZED came with it.
    static readonly Version Oldest = new(3, 35, 0);

    public static void Load()
    {
        NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, Find);
        Batteries_V2.Init();
    }

    public static string CheckVersion()
    {
        var version = raw.sqlite3_libversion().utf8_to_string();
        return Version.Parse(version) >= Oldest
            ? version
            : throw new InvalidSettingException($"The SQLite library of this system is {version}; {Oldest} or newer is needed.");
    }

    static IntPtr Find(string name, Assembly assembly, DllImportSearchPath? search)
    {
        string[] system = OperatingSystem.IsWindows() ? ["winsqlite3"] : OperatingSystem.IsMacOS() ? ["libsqlite3.dylib"] : ["libsqlite3.so.0"];
        foreach (var candidate in system)
        {
            if (NativeLibrary.TryLoad(candidate, out var library))
            {
                return library;
            }
        }

        return NativeLibrary.Load(name, assembly, search);
    }
}
