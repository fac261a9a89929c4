namespace SpeechEngine.Decoding;

/// <summary>Tells the language from the logits that follow the start of a transcript.</summary>
static class LanguageDetection
{
    /// <summary>The languages in question, likeliest first; their probabilities add up to 1.</summary>
    /// <param name="logits">[vocabulary].</param>
    /// <param name="candidates">Indices of the languages to choose from; empty for all that the model knows.</param>
    public static LanguageProbability[] Rank(ReadOnlySpan<float> logits, Vocabulary vocabulary, IReadOnlyList<int> candidates)
    {
        var known = logits.Slice(vocabulary.LanguageToken(0), vocabulary.LanguageCount);
        var indices = candidates.Count > 0 ? [.. candidates] : Enumerable.Range(0, known.Length).ToArray();
        var largest = float.NegativeInfinity;
        foreach (var index in indices)
        {
            largest = MathF.Max(largest, known[index]);
        }

        var weights = new double[indices.Length];
        var total = 0.0;
        for (var i = 0; i < indices.Length; i++)
        {
            weights[i] = Math.Exp(known[indices[i]] - largest);
            total += weights[i];
        }

        var languages = new LanguageProbability[indices.Length];
        for (var i = 0; i < indices.Length; i++)
        {
            languages[i] = new LanguageProbability(Languages.CodeAt(indices[i]), weights[i] / total);
        }

        return [.. languages.OrderByDescending(language => language.Probability)];
    }
}
