using System.Globalization;
using SpeechEngine;
using TranscriptionApi.Errors;

namespace TranscriptionApi.Transcriptions.Fields;

/// <summary>How the text is searched for, and when a window is decoded again.</summary>
static class DecodingFields
{
    // One more than the last token of the largest vocabulary, large-v3's.
    const int MostTokens = 51_866;
    const int MostSuppressed = 1_000;

    // Hotter by less than this, a window would be decoded dozens of times.
    const double LeastIncrement = 0.1;

    public static FieldGroup<DecodingOptions> Group { get; } = new FieldGroup<DecodingOptions>()
        .Number("temperature", 0, 1, (options, value) => options with { Temperature = (float)value })
        .Number("temperature_inc", 0, 1, (options, value) => options with { TemperatureIncrement = Increment(value) })
        .Whole("seed", 0, int.MaxValue, (options, value) => options with { Seed = value })
        .Whole("beam_size", 1, DecodingOptions.MostSequences, (options, value) => options with { BeamSize = value })
        .Whole("best_of", 1, DecodingOptions.MostSequences, (options, value) => options with { BestOf = value })
        .Number("patience", 0.1, 10, (options, value) => options with { Patience = (float)value })
        .Number("length_penalty", 0, 1, (options, value) => options with { LengthPenalty = (float)value })
        .Number("compression_ratio_threshold", 0, 100, (options, value) => options with { CompressionRatioThreshold = value })
        .Number("logprob_threshold", -100, 0, (options, value) => options with { LogProbabilityThreshold = value }).Also("log_prob_threshold")
        .Number("no_speech_threshold", 0, 1, (options, value) => options with { NoSpeechThreshold = value })
        .Flag("suppress_blank", (options, value) => options with { SuppressBlank = value })
        .Text("suppress_tokens", Suppress)
        .Flag("suppress_non_speech", (options, value) => options with { SuppressNonSpeech = value }).Also("suppress_nst")
        .Number("max_initial_timestamp", 0, 30, (options, value) => options with { MaxInitialTimestamp = value > 0 ? TimeSpan.FromSeconds(value) : null })
        .Flag("single_segment", (options, value) => options with { SingleSegment = value })
        .Flag("without_timestamps", (options, value) => options with { Timestamps = !value }).Also("no_timestamps");

    static float Increment(double value) => value is > 0 and < LeastIncrement
        ? throw ApiErrors.DecimalTooLow("temperature_inc", LeastIncrement, value.ToString(CultureInfo.InvariantCulture))
        : (float)value;

    // As openai/whisper reads its list: -1 stands for the signs that are not spoken, and a list without it allows them.
    static DecodingOptions Suppress(DecodingOptions options, string text)
    {
        const string Field = "suppress_tokens";
        var ids = text.Split(',').Select(part => FieldValue.Whole(Field, part, -1, MostTokens - 1)).ToList();
        if (ids.Count > MostSuppressed)
        {
            throw ApiErrors.TooManyValues(Field, MostSuppressed);
        }

        return options with { SuppressNonSpeech = ids.Contains(-1), SuppressTokens = [.. ids.Where(id => id >= 0).Distinct()] };
    }
}
