using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TranscriptionApi.Commands.Watch;

/// <summary>A recording the watch is done with, as long as its size and time stay the same.</summary>
/// <param name="File">Path within the watched folder.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Modified">When it was last written, UTC.</param>
/// <param name="Results">Paths of its results within the journal's folder; empty after a failure.</param>
/// <param name="Failure">Why it cannot be transcribed; null when it was.</param>
sealed record JournalEntry(string File, long Size, DateTime Modified, IReadOnlyList<string> Results, string? Failure)
{
    public bool IsAbout(Recording recording) => (File, Size, Modified) == (recording.Name, recording.Size, recording.Modified);
}

/// <summary>
/// What a watch remembers across restarts: a file with one line of JSON per recording, the last one about a recording counts.
/// Lines are only ever added, each with one write, so the worst that a crash leaves is a torn last line, which is passed over.
/// </summary>
sealed class WatchJournal : IDisposable
{
    public const string FileName = ".transcriptions.jsonl";

    readonly string _path;
    readonly Dictionary<string, JournalEntry> _entries = new(StringComparer.Ordinal);
    readonly Dictionary<string, string> _owners = new(StringComparer.Ordinal);
    FileStream? _file;

    /// <summary>Opens the journal of a folder and keeps it, so that no second watch works on the same files.</summary>
    /// <exception cref="CommandFailure">It cannot be written, or another watch has it.</exception>
    public WatchJournal(string folder)
    {
        _path = Path.Combine(folder, FileName);
        try
        {
            Reopen();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure(
                ExitCode.Unwritable,
                $"cannot open the journal '{_path}': {error.Message} A folder that cannot be written needs --output-dir; two watches need two.",
                error);
        }
    }

    public int Count => _entries.Count;

    public JournalEntry? Find(string file) => _entries.GetValueOrDefault(file);

    /// <summary>The recording a result belongs to, or null when the watch never wrote it.</summary>
    public string? OwnerOf(string result) => _owners.GetValueOrDefault(result);

    /// <summary>Remembers an entry, on disk before this returns.</summary>
    /// <exception cref="IOException">It cannot be written; then it is not remembered.</exception>
    public void Add(JournalEntry entry)
    {
        if (_file is null)
        {
            Reopen();
        }

        try
        {
            _file!.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(entry, JournalJson.Default.JournalEntry) + "\n"));
            _file.Flush(flushToDisk: true);
        }
        catch
        {
            Close();
            throw;
        }

        Remember(entry);
    }

    /// <summary>Forgets everything and reads the file anew: the folder was away, and may have come back as another one.</summary>
    public void Reopen()
    {
        Close();
        _file = new FileStream(_path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        _entries.Clear();
        _owners.Clear();
        var lines = new StreamReader(_file, Encoding.UTF8).ReadToEnd();
        foreach (var line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (Parse(line) is { } entry)
            {
                Remember(entry);
            }
        }

        _file.Position = _file.Length;
        if (lines is [.., not '\n'])
        {
            _file.WriteByte((byte)'\n');
        }
    }

    public void Dispose() => Close();

    void Remember(JournalEntry entry)
    {
        _entries[entry.File] = entry;
        foreach (var result in entry.Results)
        {
            _owners[result] = entry.File;
        }
    }

    void Close()
    {
        _file?.Dispose();
        _file = null;
    }

    static JournalEntry? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, JournalJson.Default.JournalEntry) is { File: not null, Results: not null } entry ? entry : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(JournalEntry))]
sealed partial class JournalJson : JsonSerializerContext;
