namespace TranscriptionApi.Transcriptions.Formats;

/// <summary>A word as OpenAI lists it: without its spaces and without the punctuation around it.</summary>
static class WordText
{
    // The signs that openai/whisper joins to a word, and their relatives in other scripts.
    const string Before = "\"'“‘«‹„‚¿¡([{-–—…「『（［｛【《〈";
    const string After = "\"'”’»›“‘.。．,，、،!！?？؟:：;；…)]}」』）］｝】》〉-–—・।۔";

    /// <summary>Empty when there is nothing but punctuation.</summary>
    public static string Bare(string text)
    {
        var end = text.AsSpan().Trim();
        while (end.Length > 0 && (After.Contains(end[^1]) || char.IsWhiteSpace(end[^1])))
        {
            end = end[..^1];
        }

        while (end.Length > 0 && (Before.Contains(end[0]) || char.IsWhiteSpace(end[0])) && !IsSign(end))
        {
            end = end[1..];
        }

        return end.ToString();
    }

    // The minus of "-5" is part of the number.
    static bool IsSign(ReadOnlySpan<char> text) => text[0] == '-' && text.Length > 1 && char.IsDigit(text[1]);
}
