namespace TranscriptionApi.Transcriptions.Subtitles;

/// <summary>
/// How subtitles are cut. Characters are counted as people see them (a letter with its accents is one); Chinese, Japanese and Korean
/// ones take the room of two and count double.
/// </summary>
public sealed record SubtitleShape
{
    /// <summary>The common width of a subtitle line, used when only the number of lines is limited.</summary>
    public const int UsualLineWidth = 42;

    /// <summary>The usual number of lines of a cue, used when only their width is limited.</summary>
    public const int UsualLineCount = 2;

    /// <summary>Characters of a line, at least 1; null is <see cref="UsualLineWidth"/> when lines are counted, otherwise any.</summary>
    public int? MaxLineWidth { get; init; }

    /// <summary>Lines of a cue, at least 1; null is <see cref="UsualLineCount"/>.</summary>
    public int? MaxLineCount { get; init; }

    /// <summary>Characters to read per second, spaces included, above 0; null sets no limit.</summary>
    public double? MaxCharactersPerSecond { get; init; }
}
