namespace SpeechEngine.Decoding;

/// <summary>What has been decoded of a window so far, as far as the rules need it.</summary>
/// <param name="Count">Tokens decoded so far.</param>
/// <param name="Last">The last of them, when there is one.</param>
/// <param name="BeforeLast">The one before, when there are two.</param>
/// <param name="LatestTimestamp">Steps of 20 ms that the latest closing timestamp lies after the window's start, or -1 for none.</param>
readonly record struct DecodedSoFar(int Count, int Last, int BeforeLast, int LatestTimestamp);

/// <summary>Which tokens may come next: the rules of whisper.cpp (and of openai/whisper before it), each forbidding some by -∞.</summary>
sealed class LogitRules(Vocabulary vocabulary, bool withTimestamps)
{
    // A first timestamp later than one second would skip speech.
    const int LastInitialTimestamp = 50;

    /// <summary>Applies all rules to one row of logits, [vocabulary].</summary>
    public void Apply(Span<float> logits, in DecodedSoFar decoded)
    {
        SuppressBlank(logits, in decoded);
        SuppressSpecial(logits);
        if (withTimestamps)
        {
            PairTimestamps(logits, in decoded);
            LimitTimestamps(logits, in decoded);
        }
        else
        {
            logits[vocabulary.FirstTimestamp..].Fill(float.NegativeInfinity);
        }
    }

    /// <summary>A window does not begin with nothing: neither the end nor a lone space.</summary>
    void SuppressBlank(Span<float> logits, in DecodedSoFar decoded)
    {
        if (decoded.Count == 0)
        {
            logits[vocabulary.EndOfText] = float.NegativeInfinity;
            if (vocabulary.Space >= 0)
            {
                logits[vocabulary.Space] = float.NegativeInfinity;
            }
        }
    }

    /// <summary>Everything between the end of text and the timestamps belongs into prompts only.</summary>
    void SuppressSpecial(Span<float> logits) =>
        logits[(vocabulary.EndOfText + 1)..vocabulary.FirstTimestamp].Fill(float.NegativeInfinity);

    /// <summary>Timestamps come in pairs, end and start, except at the very beginning and before the end of text.</summary>
    void PairTimestamps(Span<float> logits, in DecodedSoFar decoded)
    {
        if (decoded.Count == 0 || decoded.Last < vocabulary.FirstTimestamp)
        {
            return;
        }

        if (decoded.Count < 2 || decoded.BeforeLast >= vocabulary.FirstTimestamp)
        {
            logits[vocabulary.FirstTimestamp..].Fill(float.NegativeInfinity);
        }
        else
        {
            logits[..vocabulary.EndOfText].Fill(float.NegativeInfinity);
        }
    }

    /// <summary>The first timestamp lies within the first second, and none before the latest one.</summary>
    void LimitTimestamps(Span<float> logits, in DecodedSoFar decoded)
    {
        if (decoded.Count == 0)
        {
            logits[(vocabulary.FirstTimestamp + LastInitialTimestamp + 1)..].Fill(float.NegativeInfinity);
        }

        if (decoded.LatestTimestamp > 0)
        {
            logits.Slice(vocabulary.FirstTimestamp, decoded.LatestTimestamp).Fill(float.NegativeInfinity);
        }
    }
}
