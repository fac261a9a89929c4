namespace SpeechEngine.Decoding;

/// <summary>
/// The part of a failed text that is good: its leading segments, each closed by a timestamp, up to the first that the model was unsure of
/// or with which the text begins to repeat itself. Decoding goes on from there instead of throwing away what was heard well.
/// </summary>
static class GoodBeginning
{
    /// <summary>Finds it.</summary>
    /// <returns>Tokens, and frames of 10 ms that they cover; 0 and 0 when nothing is good.</returns>
    public static (int Count, int Frames) Find(Vocabulary vocabulary, Hypothesis failed, in WindowLimits limits, DecodingOptions options)
    {
        var good = (Count: 0, Frames: 0);
        if (!limits.CutsAtTimestamps)
        {
            return good;
        }

        var tokens = failed.Tokens[..failed.Kept(in limits)];
        for (var i = 1; i < tokens.Length; i++)
        {
            // A segment ends with the first timestamp after its text.
            if (tokens[i].Id <= vocabulary.FirstTimestamp || tokens[i - 1].Id >= vocabulary.EndOfText)
            {
                continue;
            }

            var segment = WindowScores.Of(vocabulary, tokens[good.Count..(i + 1)]);
            var all = WindowScores.Of(vocabulary, tokens[..(i + 1)]);
            if (segment.AverageLogProbability < options.LogProbabilityThreshold || all.CompressionRatio > options.CompressionRatioThreshold)
            {
                break;
            }

            good = (i + 1, vocabulary.FrameOf(tokens[i].Id));
        }

        return good;
    }
}
