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
readonly record struct WindowResult(int Language, int Count, int Advance, double AverageLogProbability, double NoSpeechProbability);

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

    /// <summary>Decodes one window.</summary>
    public static WindowResult Decode(DecodingState state, in WindowRequest request, CancellationToken cancellation)
    {
        var model = state.Model;
        var vocabulary = model.Vocabulary;
        var withTimestamps = model.WritesTimestamps;

        // (1)
        var language = request.Language;
        var noSpeech = double.NaN;
        var position = 0;
        if (vocabulary.IsMultilingual && language < 0)
        {
            (language, noSpeech) = DetectLanguage(state, cancellation);
        }

        var rows = 0;
        var start = 0;
        if (request.Prompt.Count > 0)
        {
            state.SetRow(rows, vocabulary.Previous, rows++, wantsLogits: false);
            foreach (var token in request.Prompt)
            {
                state.SetRow(rows, token, rows++, wantsLogits: false);
            }

            start = rows;
        }

        // After detection without a prompt the sequence's first token is in the cache already.
        var skipped = start == 0 && !double.IsNaN(noSpeech) ? 1 : 0;
        if (skipped == 0)
        {
            state.SetRow(rows, vocabulary.StartOfTranscript, rows++, wantsLogits: true);
        }

        if (vocabulary.IsMultilingual)
        {
            state.SetRow(rows, vocabulary.LanguageToken(language), skipped + rows++, wantsLogits: false);
            state.SetRow(rows, request.Task == SpeechTask.Translate ? vocabulary.Translate : vocabulary.Transcribe, skipped + rows++, wantsLogits: false);
        }

        if (!withTimestamps)
        {
            state.SetRow(rows, vocabulary.NoTimestamps, skipped + rows++, wantsLogits: false);
        }

        state.Rows[rows - 1].WantsLogits = true;
        var logitRow = state.Decoder.Step(state.Rows.AsSpan(0, rows), state.Scratch, cancellation) - 1;
        position = skipped + rows;
        if (skipped == 0)
        {
            noSpeech = TokenChoice.Probability(state.Logits(0), vocabulary.NoSpeech);
        }

        // (2), (3)
        var tokens = DecodeTokens(state, in request, withTimestamps, position, logitRow, cancellation);
        return new WindowResult(language, tokens.Count, tokens.Advance, tokens.AverageLogProbability, noSpeech);
    }

    static (int Language, double NoSpeech) DetectLanguage(DecodingState state, CancellationToken cancellation)
    {
        var vocabulary = state.Model.Vocabulary;
        state.SetRow(0, vocabulary.StartOfTranscript, 0, wantsLogits: true);
        state.Decoder.Step(state.Rows.AsSpan(0, 1), state.Scratch, cancellation);
        var logits = state.Logits(0);
        return (LanguageDetection.Likeliest(logits, vocabulary), TokenChoice.Probability(logits, vocabulary.NoSpeech));
    }

    static (int Count, int Advance, double AverageLogProbability) DecodeTokens(
        DecodingState state, in WindowRequest request, bool withTimestamps, int position, int logitRow, CancellationToken cancellation)
    {
        var vocabulary = state.Model.Vocabulary;
        var rules = new LogitRules(vocabulary, withTimestamps);
        var tokens = state.Tokens;
        var most = Math.Min((state.Model.Dimensions.TextContext / 2) - 4, state.Self.Capacity - position);
        var advance = ModelDimensions.WindowFrames;
        var hasTimestamp = false;
        var keep = 0;
        var count = 0;
        var complete = false;

        while (count < most)
        {
            var logits = state.Logits(logitRow);
            if (request.Temperature > 0)
            {
                foreach (ref var logit in logits)
                {
                    logit /= request.Temperature;
                }
            }

            rules.Apply(logits, new DecodedSoFar(count, count > 0 ? tokens[count - 1].Id : -1, count > 1 ? tokens[count - 2].Id : -1, hasTimestamp ? advance / 2 : -1));
            var token = TokenChoice.Next(logits, vocabulary.FirstTimestamp, request.Temperature > 0 ? request.Random.NextDouble() : null);
            tokens[count++] = token;

            if (token.Id > vocabulary.FirstTimestamp)
            {
                var here = 2 * (token.Id - vocabulary.FirstTimestamp);
                if (hasTimestamp && advance > here && keep < count - 1)
                {
                    // Time runs backwards: the text since the last timestamp cannot be placed.
                    break;
                }

                advance = here;
                keep = count;
                hasTimestamp = true;
            }

            var reachesEnd = advance + EndMargin >= request.Remaining;
            if (token.Id == vocabulary.EndOfText || (hasTimestamp && reachesEnd))
            {
                complete = keep > 0 || !withTimestamps || reachesEnd;
                if (!withTimestamps)
                {
                    keep = count;
                    advance = ModelDimensions.WindowFrames;
                }
                else if (keep == 0 && reachesEnd)
                {
                    keep = count;
                }

                break;
            }

            if (!state.Model.HasTensors)
            {
                // A network of zeros never ends a sentence.
                advance = ModelDimensions.WindowFrames;
                complete = true;
                break;
            }

            if (count < most)
            {
                state.SetRow(0, token.Id, position++, wantsLogits: true);
                logitRow = state.Decoder.Step(state.Rows.AsSpan(0, 1), state.Scratch, cancellation) - 1;
            }
        }

        // A window that never came to an end, or whose time ran backwards, is all there is: its tokens are kept as they are.
        complete |= count == most && keep > 0 && advance >= ModelDimensions.WindowFrames / 2;
        var used = complete ? keep : count;
        return (used, advance, AverageLogProbability(tokens.AsSpan(0, used)));
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
