using System.CommandLine;
using TranscriptionApi.Transcriptions;
using TranscriptionApi.Transcriptions.Formats;
using TranscriptionApi.Transcriptions.Subtitles;

namespace TranscriptionApi.Commands;

/// <summary>The options that say what is written, and where.</summary>
sealed class OutputArguments
{
    const string Everything = "all";

    Option<FileFormat[][]> Format { get; } = CheckedOption.List<FileFormat[]>(
        "--output-format", "LIST", ReadFormat, "txt (default), srt, vtt, json, tsv, lrc, or all of them; several by comma.", "-f");

    Option<string?> Folder { get; } = CheckedOption.Path(
        "--output-dir", "DIR", "Folder for the results, made when it is not there (default: beside each file).", "-o");

    Option<int?> LineWidth { get; } = CheckedOption.Number("--max-line-width", 8, 200, "Characters of a line in srt and vtt, 8 to 200.");

    Option<int?> LineCount { get; } = CheckedOption.Number("--max-line-count", 1, 10, "Lines of a cue in srt and vtt, 1 to 10 (default 2 when a width is given).");

    Option<double?> ReadingSpeed { get; } = CheckedOption.Number("--max-chars-per-second", 1.0, 100.0, "Reading speed of srt and vtt, 1 to 100 characters per second.");

    Option<bool> Quiet { get; } = new("--quiet", "-q") { Description = "Say nothing but what went wrong." };

    Option<bool> Verbose { get; } = new("--verbose") { Description = "Show each segment with its times as soon as it is finished." };

    public void AddTo(Command command)
    {
        command.Options.Add(Format);
        command.Options.Add(Folder);
        command.Options.Add(LineWidth);
        command.Options.Add(LineCount);
        command.Options.Add(ReadingSpeed);
        command.Options.Add(Quiet);
        command.Options.Add(Verbose);
    }

    /// <param name="parsed">The command line.</param>
    /// <param name="hasWords">Whether the results shall have the times of words.</param>
    /// <exception cref="CommandFailure">Subtitles are shaped that are not asked for.</exception>
    public OutputChoice Read(ParseResult parsed, bool hasWords) => new()
    {
        Formats = ReadFormats(parsed),
        Folder = parsed.GetValue(Folder) is { } folder ? Path.GetFullPath(folder) : null,
        Layout = new Layout { HasWords = hasWords, Subtitles = ReadShape(parsed) },
        Quiet = parsed.GetValue(Quiet),
        Verbose = parsed.GetValue(Verbose),
    };

    FileFormat[] ReadFormats(ParseResult parsed) =>
        parsed.GetValue(Format) is { Length: > 0 } formats ? [.. formats.SelectMany(several => several).Distinct()] : [FileFormats.Text];

    SubtitleShape? ReadShape(ParseResult parsed)
    {
        // A shape of something that is not written would do nothing without a word.
        Option[] options = [LineWidth, LineCount, ReadingSpeed];
        if (Array.Find(options, option => parsed.GetResult(option) is not null) is { } idle && !Array.Exists(ReadFormats(parsed), format => format.IsSubtitles))
        {
            throw new CommandFailure(ExitCode.NoInput, $"{idle.Name} needs srt or vtt in --output-format.");
        }

        var shape = new SubtitleShape
        {
            MaxLineWidth = parsed.GetValue(LineWidth),
            MaxLineCount = parsed.GetValue(LineCount),
            MaxCharactersPerSecond = parsed.GetValue(ReadingSpeed),
        };
        return shape == new SubtitleShape() ? null : shape;
    }

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

    /// <summary>How the formats are laid out.</summary>
    public Layout Layout { get; init; } = new();

    public bool Quiet { get; init; }

    public bool Verbose { get; init; }
}
