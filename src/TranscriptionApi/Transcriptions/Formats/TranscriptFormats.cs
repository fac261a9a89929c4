namespace TranscriptionApi.Transcriptions.Formats;

/// <summary>One value of response_format: its name, its media type and what it makes of a transcript.</summary>
sealed record TranscriptFormat(string Name, string ContentType, Func<Transcript, Layout, string> Write)
{
    /// <summary>It is made of cues, so it can be shaped.</summary>
    public bool IsSubtitles { get; init; }

    /// <summary>Its body is a JSON object.</summary>
    public bool IsJson => ContentType == TranscriptFormats.Json;
}

/// <summary>The only list of formats. To add one: a class beside this one, a line here, a word in openapi.yaml.</summary>
static class TranscriptFormats
{
    public const string Json = "application/json";

    // Also for srt and vtt: the official clients take text/plain as text and try to parse any other type as JSON.
    const string Text = "text/plain; charset=utf-8";

    public static TranscriptFormat VerboseJson { get; } = new("verbose_json", Json, VerboseJsonFormat.Write);

    public static TranscriptFormat Default { get; } = new("json", Json, (transcript, _) => JsonFormat.Write(transcript));

    static readonly TranscriptFormat[] All =
    [
        Default,
        new("text", Text, (transcript, _) => TextFormat.Write(transcript)),
        new("srt", Text, SrtFormat.Write) { IsSubtitles = true },
        VerboseJson,
        new("vtt", Text, VttFormat.Write) { IsSubtitles = true },
    ];

    public static IEnumerable<string> Names => All.Select(format => format.Name);

    public static IEnumerable<string> Subtitles => All.Where(format => format.IsSubtitles).Select(format => format.Name);

    public static TranscriptFormat? Find(string name) => Array.Find(All, format => format.Name == name);
}
