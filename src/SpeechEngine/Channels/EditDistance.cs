namespace SpeechEngine.Channels;

/// <summary>How many letters must be put in, left out or exchanged to make one text of another (Levenshtein).</summary>
static class EditDistance
{
    /// <summary>From <paramref name="text"/> to the whole of <paramref name="other"/>.</summary>
    public static int Whole(string text, string other) => LastRow(text, other, anyStart: false)[^1];

    /// <summary>From <paramref name="text"/> to the stretch of <paramref name="other"/> that is most like it (Sellers).</summary>
    public static int Within(string text, string other) => LastRow(text, other, anyStart: true).Min();

    // A row per letter of the text, a column per letter of the other. A match that may start anywhere starts everywhere for nothing.
    static int[] LastRow(string text, string other, bool anyStart)
    {
        var row = new int[other.Length + 1];
        for (var j = 0; j <= other.Length && !anyStart; j++)
        {
            row[j] = j;
        }

        for (var i = 1; i <= text.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                var exchanged = diagonal + (text[i - 1] == other[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(exchanged, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row;
    }
}
