namespace SpeechEngine.Decoding;

/// <summary>Tells the language from the logits that follow the start of a transcript.</summary>
static class LanguageDetection
{
    /// <summary>Index of the likeliest language among those the model knows.</summary>
    public static int Likeliest(ReadOnlySpan<float> logits, Vocabulary vocabulary)
    {
        var best = 0;
        for (var language = 1; language < vocabulary.LanguageCount; language++)
        {
            if (logits[vocabulary.LanguageToken(language)] > logits[vocabulary.LanguageToken(best)])
            {
                best = language;
            }
        }

        return best;
    }
}
