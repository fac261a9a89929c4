using SpeechEngine.Decoding;

namespace SpeechEngine;

/// <summary>What options must be for a model, checked before any work. Every refusal names the option.</summary>
static class OptionRules
{
    /// <summary>Checks all options.</summary>
    /// <exception cref="ArgumentException">One of them cannot be used, or not with this model.</exception>
    public static void Check(TranscribeOptions options, Vocabulary vocabulary)
    {
        CheckLanguage(options, vocabulary);
        CheckDecoding(options.Decoding);
        options.SpeechDetection?.Check();
    }

    /// <summary>Checks one language code.</summary>
    /// <exception cref="ArgumentException">The model does not know the language.</exception>
    public static void CheckLanguage(string language, Vocabulary vocabulary)
    {
        var index = Languages.IndexOf(language);
        Require(vocabulary.IsMultilingual ? index >= 0 && index < vocabulary.LanguageCount : index == Languages.IndexOf("en"),
            $"The model does not know the language '{language}'.");
    }

    static void CheckLanguage(TranscribeOptions options, Vocabulary vocabulary)
    {
        foreach (var language in options.Language is { } given ? [given, .. options.CandidateLanguages] : options.CandidateLanguages)
        {
            CheckLanguage(language, vocabulary);
        }

        Require(options.Task != SpeechTask.Translate || vocabulary.IsMultilingual, "The model knows English only and cannot translate.");
    }

    static void CheckDecoding(DecodingOptions decoding)
    {
        Require(decoding.Temperature is >= 0f and <= 1f, $"The temperature {decoding.Temperature} is not between 0 and 1.");
        Require(decoding.TemperatureIncrement is >= 0f and <= 1f, $"The temperature increment {decoding.TemperatureIncrement} is not between 0 and 1.");
        Require(decoding.TemperatureIncrement is 0f or >= 0.01f, $"The temperature increment {decoding.TemperatureIncrement} is below 0.01 and not 0.");
        Require(decoding.BestOf is >= 1 and <= DecodingOptions.MostSequences, $"Best-of {decoding.BestOf} is not between 1 and {DecodingOptions.MostSequences}.");
        Require(decoding.BeamSize is >= 1 and <= DecodingOptions.MostSequences, $"The beam size {decoding.BeamSize} is not between 1 and {DecodingOptions.MostSequences}.");
        Require(decoding.Patience is > 0f and <= 10f, $"The patience {decoding.Patience} is not above 0 and at most 10.");
        Require(decoding.LengthPenalty is null or (>= 0f and <= 1f), $"The length penalty {decoding.LengthPenalty} is not between 0 and 1.");
        Require(!double.IsNaN(decoding.CompressionRatioThreshold), "The compression ratio threshold is not a number.");
        Require(!double.IsNaN(decoding.LogProbabilityThreshold), "The log-probability threshold is not a number.");
        Require(!double.IsNaN(decoding.NoSpeechThreshold), "The no-speech threshold is not a number.");
        Require(decoding.MaxInitialTimestamp is null || decoding.MaxInitialTimestamp >= TimeSpan.Zero, "The latest first timestamp cannot be negative.");
        Require(decoding.SuppressTokens.All(token => token >= 0), "A suppressed token cannot be negative.");
    }

    static void Require(bool isMet, string otherwise)
    {
        if (!isMet)
        {
            throw new ArgumentException(otherwise);
        }
    }
}
