using SpeechEngine.Kernels;
using SpeechEngine.Loading;

namespace SpeechEngine.Decoding;

/// <summary>One decoded token.</summary>
/// <param name="Id">The token.</param>
/// <param name="Timestamp">The likeliest timestamp token at this place (the token itself when it is one), or -1 when none was allowed.</param>
/// <param name="LogProbability">Natural logarithm of the token's probability, whatever temperature it was drawn at.</param>
readonly record struct DecodedToken(int Id, int Timestamp, float LogProbability)
{
    /// <summary>The ids of some tokens.</summary>
    public static int[] Ids(ReadOnlySpan<DecodedToken> tokens)
    {
        var ids = new int[tokens.Length];
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = tokens[i].Id;
        }

        return ids;
    }
}

/// <summary>What must be known of a row of logits before tokens are taken from it.</summary>
/// <param name="Largest">Largest logit that may be taken.</param>
/// <param name="LogTotal">Logarithm of the sum of all exponentials.</param>
/// <param name="Timestamp">The likeliest timestamp token, or -1.</param>
readonly record struct LogitSummary(float Largest, float LogTotal, int Timestamp);

/// <summary>Chooses the next token from logits the rules have been applied to.</summary>
static class TokenChoice
{
    // The distribution is searched block by block, then within one.
    const int Block = 1024;

    /// <summary>
    /// Sums up a row. When all timestamps together are likelier than the likeliest text token, a timestamp must be taken and all text is set to -∞.
    /// </summary>
    /// <param name="logits">[vocabulary], not divided by any temperature.</param>
    public static LogitSummary Summarise(Span<float> logits, int firstTimestamp)
    {
        var text = logits[..firstTimestamp];
        var times = logits[firstTimestamp..];
        var largestText = Reduction.Largest(text);
        var largestTime = Reduction.Largest(times);
        var largest = MathF.Max(largestText, largestTime);
        var sumOfTimes = Reduction.SumOfExponentials(times, largestTime);
        var total = (Reduction.SumOfExponentials(text, largestText) * MathF.Exp(largestText - largest)) + (sumOfTimes * MathF.Exp(largestTime - largest));
        var timestamp = float.IsNegativeInfinity(largestTime) ? -1 : firstTimestamp + Reduction.IndexOf(times, largestTime);
        var logTotal = largest + MathF.Log(total);
        if (timestamp >= 0 && largestTime + MathF.Log(sumOfTimes) > largestText)
        {
            text.Fill(float.NegativeInfinity);
            largest = largestTime;
        }

        return new LogitSummary(largest, logTotal, timestamp);
    }

    /// <summary>Damaged weights show here: their logits are no numbers.</summary>
    /// <exception cref="InvalidModelException">The logits are not numbers.</exception>
    public static void Check(in LogitSummary summary)
    {
        if (!float.IsFinite(summary.LogTotal))
        {
            throw new InvalidModelException("The model's weights give results that are not numbers; its file is damaged.");
        }
    }

    /// <summary>The likeliest token; of equal ones the lowest.</summary>
    public static DecodedToken Likeliest(ReadOnlySpan<float> logits, in LogitSummary summary, int firstTimestamp) =>
        Token(Reduction.IndexOf(logits, summary.Largest), logits, in summary, firstTimestamp);

    /// <summary>Draws a token from the distribution at a temperature above 0.</summary>
    /// <param name="share">A number from 0 to 1 that picks from the distribution.</param>
    public static DecodedToken Draw(ReadOnlySpan<float> logits, in LogitSummary summary, int firstTimestamp, float temperature, double share)
    {
        var scale = 1f / temperature;
        var blocks = (logits.Length + Block - 1) / Block;
        Span<float> sums = stackalloc float[blocks];
        var total = 0.0;
        for (var block = 0; block < blocks; block++)
        {
            sums[block] = Reduction.SumOfExponentials(BlockOf(logits, block), summary.Largest, scale);
            total += sums[block];
        }

        var left = share * total;
        var chosen = 0;
        for (var block = 0; block < blocks; block++)
        {
            if (sums[block] > 0)
            {
                chosen = block;
                if (left <= sums[block])
                {
                    break;
                }

                left -= sums[block];
            }
        }

        return Token((chosen * Block) + DrawWithin(BlockOf(logits, chosen), summary.Largest, scale, left), logits, in summary, firstTimestamp);
    }

    /// <summary>The token with its log-probability.</summary>
    public static DecodedToken Token(int id, ReadOnlySpan<float> logits, in LogitSummary summary, int firstTimestamp) =>
        new(id, id >= firstTimestamp ? id : summary.Timestamp, logits[id] - summary.LogTotal);

    /// <summary>Probability, 0 to 1, of one token among all.</summary>
    public static double Probability(ReadOnlySpan<float> logits, int token)
    {
        var largest = Reduction.Largest(logits);
        return MathF.Exp(logits[token] - largest) / Reduction.SumOfExponentials(logits, largest);
    }

    /// <summary>The likeliest tokens in order, lower ids first among equals.</summary>
    /// <param name="logits">The row; it is changed and restored.</param>
    /// <param name="ids">Room for the tokens asked for.</param>
    /// <returns>Tokens found; fewer when fewer are allowed.</returns>
    public static int Best(Span<float> logits, Span<int> ids)
    {
        var blocks = (logits.Length + Block - 1) / Block;
        Span<float> largest = stackalloc float[blocks];
        Span<float> values = stackalloc float[ids.Length];
        for (var block = 0; block < blocks; block++)
        {
            largest[block] = Reduction.Largest(BlockOf(logits, block));
        }

        var found = 0;
        for (; found < ids.Length; found++)
        {
            var value = Reduction.Largest(largest);
            if (float.IsNegativeInfinity(value) || float.IsNaN(value))
            {
                break;
            }

            var block = Reduction.IndexOf(largest, value);
            var id = (block * Block) + Reduction.IndexOf(BlockOf(logits, block), value);
            ids[found] = id;
            values[found] = value;
            logits[id] = float.NegativeInfinity;
            largest[block] = Reduction.Largest(BlockOf(logits, block));
        }

        for (var i = 0; i < found; i++)
        {
            logits[ids[i]] = values[i];
        }

        return found;
    }

    static int DrawWithin(ReadOnlySpan<float> logits, float largest, float scale, double left)
    {
        var last = 0;
        for (var i = 0; i < logits.Length; i++)
        {
            if (!float.IsNegativeInfinity(logits[i]))
            {
                last = i;
                left -= Math.Exp((logits[i] - largest) * scale);
                if (left <= 0)
                {
                    break;
                }
            }
        }

        return last;
    }

    static Span<float> BlockOf(Span<float> logits, int block) => logits.Slice(block * Block, Math.Min(Block, logits.Length - (block * Block)));

    static ReadOnlySpan<float> BlockOf(ReadOnlySpan<float> logits, int block) => logits.Slice(block * Block, Math.Min(Block, logits.Length - (block * Block)));
}
