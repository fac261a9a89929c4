using SpeechEngine.Kernels;

namespace SpeechEngine.Decoding;

/// <summary>Tells the language from the logits that follow the start of a transcript.</summary>
static class LanguageDetection
{
    /// <summary>Index of the likeliest language among those the model knows.</summary>
    public static int Likeliest(ReadOnlySpan<float> logits, Vocabulary vocabulary)
    {
        var languages = logits.Slice(vocabulary.LanguageToken(0), vocabulary.LanguageCount);
        return Reduction.IndexOf(languages, Reduction.Largest(languages));
    }
}
