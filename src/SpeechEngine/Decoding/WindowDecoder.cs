using SpeechEngine.Model;

namespace SpeechEngine.Decoding;

/// <summary>What a window is decoded with.</summary>
/// <param name="Language">Index of the language, or -1 to detect it (multilingual models).</param>
/// <param name="Candidates">Languages that detection may choose from; empty for all.</param>
/// <param name="Context">The text to show before the window.</param>
/// <param name="Seek">The window's first frame, which seeds its draws.</param>
/// <param name="Remaining">Frames of 10 ms from the window's start to the end of the audio.</param>
readonly record struct WindowRequest(
    int Language, IReadOnlyList<int> Candidates, SpeechTask Task, TextContext Context, int Seek, int Remaining, DecodingOptions Options)
{
    /// <summary>False when the speech detector hears nobody in the window: then a text that looks wrong is not worth another attempt.</summary>
    public bool HasSpeech { get; init; } = true;
}

/// <summary>What decoding a window gave; its tokens are in <see cref="DecodingState.Best"/>.</summary>
/// <param name="Languages">The languages it could be in, likeliest first; empty when the language was given.</param>
/// <param name="Count">Tokens to keep, from the front.</param>
/// <param name="Advance">Frames of 10 ms to the next window, as far as the timestamps say.</param>
readonly record struct WindowResult(
    int Language, LanguageProbability[] Languages, int Count, int Advance, float Temperature, WindowScores Scores, double NoSpeechProbability);

/// <summary>
/// Decodes the window in a state's cross-attention cache:
/// <list type="number">
/// <item>the context is fed in one step, language included; the same step tells the probability of no speech;</item>
/// <item>tokens are searched for under <see cref="LogitRules"/>, until the end of text or of the audio;</item>
/// <item>while the result looks wrong, the window is decoded again at a higher temperature. What of it is good is kept: the next window
/// then starts where the good part ends.</item>
/// </list>
/// </summary>
static class WindowDecoder
{
    // A good beginning shorter than this is not worth an encoder pass of its own.
    const int LeastGoodFrames = 200;

    const float HighestTemperature = 1f + 1e-6f;

    /// <summary>Decodes one window.</summary>
    public static WindowResult Decode(DecodingState state, in WindowRequest request, CancellationToken cancellation)
    {
        var options = request.Options;
        var vocabulary = state.Model.Vocabulary;
        var withTimestamps = options.Timestamps && state.Model.WritesTimestamps;
        var rules = new LogitRules(vocabulary, options, withTimestamps);
        LanguageProbability[] languages = [];
        var language = request.Language;
        var noSpeech = double.NaN;
        if (vocabulary.IsMultilingual && language < 0)
        {
            (languages, noSpeech) = DetectLanguage(state, request.Candidates, cancellation);
            language = Languages.IndexOf(languages[0].Language);
        }

        if (!state.Model.HasTensors)
        {
            // A network of zeros never ends a sentence.
            state.Best.Reset();
            return new WindowResult(language, languages, 0, ModelDimensions.WindowFrames, options.Temperature, default, 0);
        }

        for (var attempt = 0; ; attempt++)
        {
            var temperature = options.Temperature + (attempt * options.TemperatureIncrement);
            var isLast = !request.HasSpeech || options.TemperatureIncrement <= 0 || temperature + options.TemperatureIncrement > HighestTemperature;
            var start = FeedContext(state, in request, language, attempt == 0 ? 0 : temperature, withTimestamps, ref noSpeech, cancellation);                // (1)
            var limits = new WindowLimits(
                Math.Min((state.Model.Dimensions.TextContext / 2) - 4, state.Sequences.Capacity - start.Position), request.Remaining,
                withTimestamps, withTimestamps && !options.SingleSegment);
            Search(state, start, rules, in limits, in request, attempt, temperature, cancellation);                                       // (2)

            var best = state.Best;
            var count = best.Kept(in limits);
            var advance = best.Next(in limits);
            var scores = WindowScores.Of(vocabulary, best.Tokens[..count]);
            if (LooksWrong(best, in scores, noSpeech, options) && (!isLast || best.IsRepeating))                        // (3)
            {
                var good = GoodBeginning.Find(vocabulary, best, in limits, options);
                if (good.Frames >= LeastGoodFrames)
                {
                    // Also after the last attempt: what comes round again may have been said, and other words may follow.
                    (count, advance) = (good.Count, good.Frames);
                    scores = WindowScores.Of(vocabulary, best.Tokens[..count]);
                }
                else if (!isLast)
                {
                    continue;
                }
            }

            return new WindowResult(language, languages, count, advance, temperature, scores, noSpeech);
        }
    }

    static (LanguageProbability[] Languages, double NoSpeech) DetectLanguage(DecodingState state, IReadOnlyList<int> candidates, CancellationToken cancellation)
    {
        var vocabulary = state.Model.Vocabulary;
        state.SetRow(0, vocabulary.StartOfTranscript, 0, wantsLogits: true);
        state.Step(1, cancellation);
        return (LanguageDetection.Rank(state.Logits(0), vocabulary, candidates), TokenChoice.Probability(state.Logits(0), vocabulary.NoSpeech));
    }

    /// <summary>Feeds [text before,] start of transcript, language and task.</summary>
    /// <param name="heat">How hot the attempts have become; 0 for the first, whatever its temperature.</param>
    static SearchStart FeedContext(
        DecodingState state, in WindowRequest request, int language, float heat, bool withTimestamps, ref double noSpeech, CancellationToken cancellation)
    {
        var vocabulary = state.Model.Vocabulary;
        var rows = 0;
        void Feed(int token, bool wantsLogits = false)
        {
            state.SetRow(rows, token, rows, wantsLogits);
            rows++;
        }

        state.Sequences.Reset();
        var context = request.Context.CopyTo(state.Context, heat);
        if (context > 0)
        {
            Feed(vocabulary.Previous);
            foreach (var token in state.Context.AsSpan(0, context))
            {
                Feed(token);
            }
        }

        var asksForSpeech = double.IsNaN(noSpeech);
        Feed(vocabulary.StartOfTranscript, wantsLogits: asksForSpeech);
        if (vocabulary.IsMultilingual)
        {
            Feed(vocabulary.LanguageToken(language));
            Feed(request.Task == SpeechTask.Translate ? vocabulary.Translate : vocabulary.Transcribe);
        }

        if (!withTimestamps)
        {
            Feed(vocabulary.NoTimestamps);
        }

        state.Rows[rows - 1].WantsLogits = true;
        var logitRows = state.Step(rows, cancellation);
        if (asksForSpeech)
        {
            noSpeech = TokenChoice.Probability(state.Logits(0), vocabulary.NoSpeech);
        }

        return new SearchStart(rows, logitRows - 1);
    }

    static void Search(
        DecodingState state, SearchStart start, LogitRules rules, in WindowLimits limits, in WindowRequest request, int attempt, float temperature,
        CancellationToken cancellation)
    {
        var options = request.Options;
        if (!WindowSearch.Draws(temperature) && options.BeamSize > 1)
        {
            state.Beams.Run(start, rules, in limits, options, cancellation);
            return;
        }

        // Every sequence of every attempt has draws of its own, which depend on nothing but the seed and the place in the audio.
        var draws = new Random[WindowSearch.Draws(temperature) ? options.BestOf : 0];
        for (var i = 0; i < draws.Length; i++)
        {
            draws[i] = new Random(unchecked((((options.Seed * 31) + request.Seek) * 31 * 31) + (attempt * DecodingOptions.MostSequences) + i));
        }

        WindowSearch.Run(state, start, rules, in limits, temperature, options.LengthPenalty, draws, cancellation);
    }

    static bool LooksWrong(Hypothesis best, in WindowScores scores, double noSpeech, DecodingOptions options)
    {
        if (best.State != HypothesisState.Ended || scores.CompressionRatio > options.CompressionRatioThreshold)
        {
            return true;
        }

        // An unsure text over silence is dropped later; deciding between words nobody spoke is no use.
        return scores.AverageLogProbability < options.LogProbabilityThreshold && noSpeech <= options.NoSpeechThreshold;
    }
}
