using SpeechEngine.Model;

namespace SpeechEngine.Decoding;

/// <summary>What a window is decoded with.</summary>
/// <param name="Language">Index of the language, or -1 to detect it (multilingual models).</param>
/// <param name="Prompt">Tokens of text that went before; may be empty.</param>
/// <param name="Remaining">Frames of 10 ms from the window's start to the end of the audio.</param>
/// <param name="Random">Source of draws at temperatures above 0.</param>
readonly record struct WindowRequest(int Language, SpeechTask Task, IReadOnlyList<int> Prompt, int Remaining, float Temperature, Random Random);

/// <summary>What decoding a window gave.</summary>
/// <param name="Count">Tokens to keep, at the front of <see cref="DecodingState.Tokens"/>.</param>
/// <param name="Advance">Frames of 10 ms to the next window, as far as the timestamps say.</param>
/// <param name="IsComplete">False when decoding came to no proper end: time ran backwards, or no timestamp placed the text.</param>
readonly record struct WindowResult(int Language, int Count, int Advance, bool IsComplete, double AverageLogProbability, double NoSpeechProbability);

/// <summary>
/// Decodes the window in a state's cross-attention cache, token by token:
/// <list type="number">
/// <item>the prompt in one step, language included; the same step tells the probability of no speech;</item>
/// <item>up to 220 tokens, each chosen under <see cref="LogitRules"/>, until the end of text or of the audio;</item>
/// <item>what follows the last timestamp is cut off: the next window starts there and hears it again.</item>
/// </list>
/// </summary>
static class WindowDecoder
{
    // A frame budget this small holds no more speech; whisper.cpp stops 100 ms before the end.
    const int EndMargin = 10;

    // Below this the likeliest token has all the probability, and the division would overflow.
    const float LeastTemperature = 1e-6f;

    /// <summary>Decodes one window.</summary>
    public static WindowResult Decode(DecodingState state, in WindowRequest request, CancellationToken cancellation)
    {
        // (1)
        var prompt = FeedPrompt(state, in request, cancellation);

        // (2), (3)
        var tokens = DecodeTokens(state, in request, prompt.Positions, prompt.LogitRow, cancellation);
        return new WindowResult(prompt.Language, tokens.Count, tokens.Advance, tokens.IsComplete, AverageLogProbability(state.Tokens.AsSpan(0, tokens.Count)), prompt.NoSpeech);
    }

    /// <summary>
    /// Feeds [previous text,] start of transcript, language and task. To detect the language the start alone is fed first; without
    /// previous text it then stays in the cache as the first position of the sequence.
    /// </summary>
    /// <returns>Positions used, and the row of logits that the first token is chosen from.</returns>
    static (int Language, double NoSpeech, int Positions, int LogitRow) FeedPrompt(DecodingState state, in WindowRequest request, CancellationToken cancellation)
    {
        var vocabulary = state.Model.Vocabulary;
        var language = request.Language;
        var noSpeech = 0.0;
        var cached = 0;
        if (vocabulary.IsMultilingual && language < 0)
        {
            state.SetRow(0, vocabulary.StartOfTranscript, 0, wantsLogits: true);
            state.Decoder.Step(state.Rows.AsSpan(0, 1), state.Scratch, cancellation);
            language = LanguageDetection.Likeliest(state.Logits(0), vocabulary);
            noSpeech = TokenChoice.Probability(state.Logits(0), vocabulary.NoSpeech);
            cached = request.Prompt.Count > 0 ? 0 : 1;
        }

        var rows = 0;
        void Feed(int token, bool wantsLogits = false)
        {
            state.SetRow(rows, token, cached + rows, wantsLogits);
            rows++;
        }

        if (request.Prompt.Count > 0)
        {
            Feed(vocabulary.Previous);
            foreach (var token in request.Prompt)
            {
                Feed(token);
            }
        }

        if (cached == 0)
        {
            Feed(vocabulary.StartOfTranscript, wantsLogits: true);
        }

        if (vocabulary.IsMultilingual)
        {
            Feed(vocabulary.LanguageToken(language));
            Feed(request.Task == SpeechTask.Translate ? vocabulary.Translate : vocabulary.Transcribe);
        }

        if (!state.Model.WritesTimestamps)
        {
            Feed(vocabulary.NoTimestamps);
        }

        state.Rows[rows - 1].WantsLogits = true;
        var logitRows = state.Decoder.Step(state.Rows.AsSpan(0, rows), state.Scratch, cancellation);
        if (cached == 0)
        {
            noSpeech = TokenChoice.Probability(state.Logits(0), vocabulary.NoSpeech);
        }

        return (language, noSpeech, cached + rows, logitRows - 1);
    }

    /// <summary>Chooses token after token; they are left in <see cref="DecodingState.Tokens"/>.</summary>
    /// <returns>How many of them count, how many frames they cover, and whether they came to a proper end.</returns>
    static (int Count, int Advance, bool IsComplete) DecodeTokens(DecodingState state, in WindowRequest request, int position, int logitRow, CancellationToken cancellation)
    {
        var vocabulary = state.Model.Vocabulary;
        var withTimestamps = state.Model.WritesTimestamps;
        var rules = new LogitRules(vocabulary, withTimestamps);
        var draws = request.Temperature >= LeastTemperature;
        var tokens = state.Tokens;
        var most = Math.Min((state.Model.Dimensions.TextContext / 2) - 4, state.Self.Capacity - position);
        var advance = ModelDimensions.WindowFrames;
        var placed = 0;
        var count = 0;

        while (true)
        {
            var logits = state.Logits(logitRow);
            if (draws)
            {
                Flatten(logits, request.Temperature);
            }

            rules.Apply(logits, new DecodedSoFar(count, count > 0 ? tokens[count - 1].Id : -1, count > 1 ? tokens[count - 2].Id : -1, placed > 0 ? advance / 2 : -1));
            var token = TokenChoice.Next(logits, vocabulary.FirstTimestamp, draws ? request.Random.NextDouble() : null);
            tokens[count++] = token;

            if (token.Id > vocabulary.FirstTimestamp)
            {
                var here = vocabulary.FrameOf(token.Id);
                if (placed > 0 && here < advance && placed < count - 1)
                {
                    // Time runs backwards: the text since the last timestamp cannot be placed, and all there is is kept.
                    return (count, advance, false);
                }

                advance = here;
                placed = count;
            }

            var reachesEnd = advance + EndMargin >= request.Remaining;
            if (token.Id == vocabulary.EndOfText || (placed > 0 && reachesEnd))
            {
                return withTimestamps && placed > 0 ? (placed, advance, true) : (count, advance, !withTimestamps || reachesEnd);
            }

            if (!state.Model.HasTensors)
            {
                // A network of zeros never ends a sentence.
                return (0, ModelDimensions.WindowFrames, true);
            }

            if (count == most)
            {
                // A window that never came to an end: when its timestamps got past the middle they are trusted, else all is kept.
                return placed > 0 && advance >= ModelDimensions.WindowFrames / 2 ? (placed, advance, true) : (count, advance, false);
            }

            state.SetRow(0, token.Id, position++, wantsLogits: true);
            logitRow = state.Decoder.Step(state.Rows.AsSpan(0, 1), state.Scratch, cancellation) - 1;
        }
    }

    static void Flatten(Span<float> logits, float temperature)
    {
        foreach (ref var logit in logits)
        {
            logit /= temperature;
        }
    }

    static double AverageLogProbability(ReadOnlySpan<DecodedToken> tokens)
    {
        var sum = 0.0;
        foreach (var token in tokens)
        {
            sum += token.LogProbability;
        }

        return tokens.Length == 0 ? 0 : sum / tokens.Length;
    }
}
