namespace SpeechEngine.Tests.Reference;

/// <summary>Word errors (substitutions, insertions, deletions) against the true text; case and punctuation do not count.</summary>
sealed class WordErrorRate
{
    public int Errors { get; private set; }

    public int Words { get; private set; }

    public double Percent => 100.0 * Errors / Math.Max(1, Words);

    public void Add(string truth, string heard)
    {
        var expected = Split(truth);
        var actual = Split(heard);
        Words += expected.Length;
        Errors += Distance(expected, actual);
    }

    static string[] Split(string text) =>
        new string([.. text.ToLowerInvariant().Select(c => char.IsLetterOrDigit(c) ? c : ' ')]).Split(' ', StringSplitOptions.RemoveEmptyEntries);

    static int Distance(string[] a, string[] b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
