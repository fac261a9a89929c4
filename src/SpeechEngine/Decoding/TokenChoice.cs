using SpeechEngine.Kernels;
using SpeechEngine.Loading;

namespace SpeechEngine.Decoding;

/// <summary>One decoded token.</summary>
/// <param name="Id">The token.</param>
/// <param name="Timestamp">The likeliest timestamp token at this place (the token itself when it is one), or -1 when none was allowed.</param>
/// <param name="LogProbability">Natural logarithm of the token's probability.</param>
readonly record struct DecodedToken(int Id, int Timestamp, float LogProbability);

/// <summary>Chooses the next token from logits the rules have been applied to.</summary>
static class TokenChoice
{
    /// <summary>
    /// Takes the likeliest token, or draws one when <paramref name="draw"/> is given. When all timestamps together are likelier than
    /// the likeliest text token, a timestamp is taken.
    /// </summary>
    /// <param name="logits">[vocabulary], already divided by the temperature; text is set to -∞ when a timestamp must be taken.</param>
    /// <param name="draw">A number from 0 to 1 that picks from the distribution, or null for the likeliest.</param>
    /// <exception cref="InvalidModelException">The logits are not numbers.</exception>
    public static DecodedToken Next(Span<float> logits, int firstTimestamp, double? draw)
    {
        var text = logits[..firstTimestamp];
        var times = logits[firstTimestamp..];
        var largestText = Reduction.Largest(text);
        var largestTime = Reduction.Largest(times);
        var largest = MathF.Max(largestText, largestTime);
        var sumOfTimes = Reduction.SumOfExponentials(times, largestTime);
        var total = (Reduction.SumOfExponentials(text, largestText) * MathF.Exp(largestText - largest)) + (sumOfTimes * MathF.Exp(largestTime - largest));
        var logTotal = largest + MathF.Log(total);
        if (!float.IsFinite(logTotal))
        {
            throw new InvalidModelException("The model's weights give results that are not numbers; its file is damaged.");
        }

        var timestamp = float.IsNegativeInfinity(largestTime) ? -1 : firstTimestamp + Reduction.IndexOf(times, largestTime);
        if (timestamp >= 0 && largestTime + MathF.Log(sumOfTimes) > largestText)
        {
            text.Fill(float.NegativeInfinity);
            largest = largestTime;
        }

        var id = draw is { } share ? Draw(logits, largest, share) : Reduction.IndexOf(logits, largest);
        return new DecodedToken(id, id >= firstTimestamp ? id : timestamp, logits[id] - logTotal);
    }

    /// <summary>Probability, 0 to 1, of one token among all.</summary>
    public static double Probability(ReadOnlySpan<float> logits, int token)
    {
        var largest = Reduction.Largest(logits);
        return MathF.Exp(logits[token] - largest) / Reduction.SumOfExponentials(logits, largest);
    }

    static int Draw(ReadOnlySpan<float> logits, float largest, double share)
    {
        var left = share * Reduction.SumOfExponentials(logits, largest);
        var last = 0;
        for (var id = 0; id < logits.Length; id++)
        {
            if (!float.IsNegativeInfinity(logits[id]))
            {
                last = id;
                left -= Math.Exp(logits[id] - largest);
                if (left <= 0)
                {
                    return id;
                }
            }
        }

        return last;
    }
}
