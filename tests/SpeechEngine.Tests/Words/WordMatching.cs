namespace SpeechEngine.Tests.Words;

/// <summary>Pairs the words of two texts that are the same, in order: the longest common subsequence.</summary>
static class WordMatching
{
    /// <summary>Indices of equal words; case and punctuation do not count.</summary>
    public static List<(int Left, int Right)> Pairs(IReadOnlyList<string> left, IReadOnlyList<string> right)
    {
        var a = left.Select(Bare).ToArray();
        var b = right.Select(Bare).ToArray();
        var best = new int[a.Length + 1, b.Length + 1];
        for (var i = a.Length - 1; i >= 0; i--)
        {
            for (var j = b.Length - 1; j >= 0; j--)
            {
                best[i, j] = a[i] == b[j] ? best[i + 1, j + 1] + 1 : Math.Max(best[i + 1, j], best[i, j + 1]);
            }
        }

        var pairs = new List<(int, int)>();
        for (int i = 0, j = 0; i < a.Length && j < b.Length;)
        {
            if (a[i] == b[j])
            {
                pairs.Add((i++, j++));
            }
            else if (best[i + 1, j] >= best[i, j + 1])
            {
                i++;
            }
            else
            {
                j++;
            }
        }

        return pairs;
    }

    static string Bare(string word) => new([.. word.ToLowerInvariant().Where(char.IsLetterOrDigit)]);
}
