namespace SpeechEngine.Decoding;

/// <summary>Signs that stand for no sound of speech; a model that writes them describes noises or quotes subtitles.</summary>
static class NonSpeechSigns
{
    /// <summary>Musical notes.</summary>
    public static readonly string[] Notes = ["♩", "♪", "♫", "♬", "♭", "♮", "♯"];

    /// <summary>All signs, and runs of them that are tokens of their own.</summary>
    public static readonly string[] All =
    [
        "\"", "#", "(", ")", "*", "+", "/", ":", ";", "<", "=", ">", "@", "[", "\\", "]", "^", "_", "`", "{", "|", "}", "~",
        "「", "」", "『", "』", "<<", ">>", "<<<", ">>>", "--", "---", "-(", "-[", "('", "(\"", "((", "))", "(((", ")))", "[[", "]]",
        "{{", "}}", "♪♪", "♪♪♪", .. Notes,
    ];
}
