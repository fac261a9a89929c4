namespace TranscriptionApi.Transcriptions.Formats;

/// <summary>One value of --output-format: the name, which is the file's extension too, and what it makes of a transcript.</summary>
sealed record FileFormat(string Name, Func<Transcript, string> Write);

/// <summary>The formats that files are written in. Not those of the HTTP interface, whose names and bodies are OpenAI's.</summary>
static class FileFormats
{
    public static FileFormat Text { get; } = new("txt", LinesFormat.Write);

    public static IReadOnlyList<FileFormat> All { get; } =
    [
        Text,
        new("srt", SrtFormat.Write),
        new("vtt", VttFormat.Write),
        new("json", transcript => VerboseJsonFormat.Write(transcript) + "\n"),
        new("tsv", TsvFormat.Write),
        new("lrc", LrcFormat.Write),
    ];

    public static FileFormat? Find(string name) => All.FirstOrDefault(format => format.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}
