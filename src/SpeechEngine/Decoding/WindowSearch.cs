namespace SpeechEngine.Decoding;

/// <summary>A window whose context has been fed: where the search for its text begins.</summary>
/// <param name="Position">Position of the first token to be chosen.</param>
/// <param name="LogitRow">Row of logits it is chosen from.</param>
readonly record struct SearchStart(int Position, int LogitRow);

/// <summary>
/// Follows one sequence at temperature 0, or several at a higher one, each choosing its own next token; the sequences of a step share
/// the reading of the weights and of the window.
/// </summary>
static class WindowSearch
{
    // Below this the likeliest token has all the probability, and the division would overflow.
    const float LeastTemperature = 1e-6f;

    /// <summary>True when tokens are drawn instead of the likeliest one being taken.</summary>
    public static bool Draws(float temperature) => temperature >= LeastTemperature;

    /// <summary>Finds the text of a window and leaves it in <see cref="DecodingState.Best"/>.</summary>
    /// <param name="draws">The source of draws of each sequence; empty to follow one sequence by its likeliest tokens.</param>
    public static void Run(
        DecodingState state, SearchStart start, LogitRules rules, in WindowLimits limits, float temperature, float? lengthPenalty,
        ReadOnlySpan<Random> draws, CancellationToken cancellation)
    {
        var firstTimestamp = state.Model.Vocabulary.FirstTimestamp;
        var count = Math.Max(1, draws.Length);
        for (var i = 0; i < count; i++)
        {
            state.Hypotheses[i].Reset();
            if (i > 0)
            {
                state.Sequences.Branch(0, i, start.Position);
            }
        }

        var position = start.Position;
        var open = count;
        LogitSummary summary = default;
        for (var row = start.LogitRow; open > 0; row = 0)
        {
            var isFirst = position == start.Position;
            var rows = 0;
            for (var i = 0; i < count; i++)
            {
                var hypothesis = state.Hypotheses[i];
                if (hypothesis.State != HypothesisState.Open)
                {
                    continue;
                }

                // The first token of all sequences is chosen from the same row, which is summed up once: that may take its text away.
                var logits = state.Logits(row);
                if (!isFirst || i == 0)
                {
                    rules.Apply(logits, hypothesis.SoFar);
                    summary = TokenChoice.Summarise(logits, firstTimestamp);
                    TokenChoice.Check(in summary);
                }

                var token = draws.Length == 0
                    ? TokenChoice.Likeliest(logits, in summary, firstTimestamp)
                    : TokenChoice.Draw(logits, in summary, firstTimestamp, temperature, draws[i].NextDouble());
                hypothesis.Extend(token, in limits);
                if (hypothesis.State == HypothesisState.Open)
                {
                    state.SetRow(rows++, token.Id, position, wantsLogits: true, i);
                }

                row += isFirst ? 0 : 1;
            }

            position++;
            open = rows;
            if (open > 0)
            {
                state.Step(rows, cancellation);
            }
        }

        state.Best.CopyFrom(Likeliest(state.Hypotheses.AsSpan(0, count), lengthPenalty));
    }

    static Hypothesis Likeliest(ReadOnlySpan<Hypothesis> hypotheses, float? lengthPenalty)
    {
        var best = hypotheses[0];
        foreach (var hypothesis in hypotheses[1..])
        {
            var isBetter = hypothesis.State == best.State
                ? hypothesis.Score(lengthPenalty) > best.Score(lengthPenalty)
                : hypothesis.State == HypothesisState.Ended;
            best = isBetter ? hypothesis : best;
        }

        return best;
    }
}
