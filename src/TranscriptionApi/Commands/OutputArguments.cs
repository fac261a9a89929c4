using System.CommandLine;
using TranscriptionApi.Transcriptions.Formats;

namespace TranscriptionApi.Commands;

/// <summary>The options that say what is written, and where.</summary>
sealed class OutputArguments
{
    const string Everything = "all";

    Option<FileFormat[][]> Format { get; } = CheckedOption.List<FileFormat[]>(
        "--output-format", "LIST", ReadFormat, "txt (default), srt, vtt, json, tsv, lrc, or all of them; several by comma.", "-f");

    Option<string?> Folder { get; } = new("--output-dir", "-o")
    {
        Description = "Folder for the results, made when it is not there (default: beside each file).",
        HelpName = "DIR",
    };

    Option<bool> Quiet { get; } = new("--quiet", "-q") { Description = "Say nothing but what went wrong." };

    Option<bool> Verbose { get; } = new("--verbose") { Description = "Show each segment with its times as soon as it is finished." };

    public void AddTo(Command command)
    {
        command.Options.Add(Format);
        command.Options.Add(Folder);
        command.Options.Add(Quiet);
        command.Options.Add(Verbose);
    }

    public OutputChoice Read(ParseResult parsed) => new()
    {
        Formats = parsed.GetValue(Format) is { Length: > 0 } formats ? [.. formats.SelectMany(several => several).Distinct()] : [FileFormats.Text],
        Folder = parsed.GetValue(Folder) is { } folder ? Path.GetFullPath(folder) : null,
        Quiet = parsed.GetValue(Quiet),
        Verbose = parsed.GetValue(Verbose),
    };

    static (FileFormat[]? Formats, string? Problem) ReadFormat(string name)
    {
        if (name.Equals(Everything, StringComparison.OrdinalIgnoreCase))
        {
            return ([.. FileFormats.All], null);
        }

        return FileFormats.Find(name) is { } format
            ? ([format], null)
            : (null, $"'{name}' is none of {string.Join(", ", FileFormats.All.Select(known => known.Name))}, {Everything}.");
    }
}

/// <summary>What is written, and where.</summary>
sealed record OutputChoice
{
    /// <summary>At least one.</summary>
    public required IReadOnlyList<FileFormat> Formats { get; init; }

    /// <summary>Full path of the folder for results; null puts each beside its source.</summary>
    public string? Folder { get; init; }

    public bool Quiet { get; init; }

    public bool Verbose { get; init; }
}
