namespace TranscriptionApi.Transcriptions.Formats;

/// <summary>One value of --output-format: the name, which is the file's extension too, and what it makes of a transcript.</summary>
sealed record FileFormat(string Name, Func<Transcript, Layout, string> Write)
{
    /// <summary>It is made of cues, so it can be shaped.</summary>
    public bool IsSubtitles { get; init; }
}

/// <summary>The formats that files are written in. Not those of the HTTP interface, whose names and bodies are OpenAI's.</summary>
static class FileFormats
{
    public static FileFormat Text { get; } = new("txt", (transcript, _) => LinesFormat.Write(transcript));

    public static IReadOnlyList<FileFormat> All { get; } =
    [
        Text,
        new("srt", SrtFormat.Write) { IsSubtitles = true },
        new("vtt", VttFormat.Write) { IsSubtitles = true },
        new("json", (transcript, layout) => VerboseJsonFormat.Write(transcript, layout) + "\n"),
        new("tsv", (transcript, _) => TsvFormat.Write(transcript)),
        new("lrc", (transcript, _) => LrcFormat.Write(transcript)),
    ];

    public static FileFormat? Find(string name) => All.FirstOrDefault(format => format.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}
