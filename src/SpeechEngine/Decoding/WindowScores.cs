using System.IO.Compression;
using System.Text;

namespace SpeechEngine.Decoding;

/// <summary>What tells a good text from a bad one.</summary>
/// <param name="AverageLogProbability">Mean natural log-probability of the tokens, at most 0.</param>
/// <param name="CompressionRatio">UTF-8 bytes of the text divided by their zlib size: the more it repeats itself, the higher.</param>
readonly record struct WindowScores(double AverageLogProbability, double CompressionRatio)
{
    /// <summary>The scores of some tokens; 0 for none.</summary>
    public static WindowScores Of(Vocabulary vocabulary, ReadOnlySpan<DecodedToken> tokens)
    {
        var sum = 0.0;
        foreach (var token in tokens)
        {
            sum += token.LogProbability;
        }

        return new WindowScores(tokens.Length == 0 ? 0 : sum / tokens.Length, RatioOf(vocabulary.TextOf(DecodedToken.Ids(tokens))));
    }

    static double RatioOf(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text.Trim());
        if (bytes.Length == 0)
        {
            return 0;
        }

        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            zlib.Write(bytes);
        }

        return (double)bytes.Length / packed.Length;
    }
}
