namespace SpeechEngine.Decoding;

/// <summary>What has been decoded of a window so far, as far as the rules need it.</summary>
/// <param name="Count">Tokens decoded so far.</param>
/// <param name="Last">The last of them, when there is one.</param>
/// <param name="BeforeLast">The one before, when there are two.</param>
/// <param name="LatestTimestamp">Steps of 20 ms that the latest closing timestamp lies after the window's start, or -1 for none.</param>
readonly record struct DecodedSoFar(int Count, int Last, int BeforeLast, int LatestTimestamp);

/// <summary>Which tokens may come next: the rules of whisper.cpp (and of openai/whisper before it), each forbidding some by -∞.</summary>
sealed class LogitRules
{
    // Timestamps count in steps of 20 ms.
    const double StepsPerSecond = 50;

    readonly Vocabulary _vocabulary;
    readonly bool _withTimestamps;
    readonly bool _suppressBlank;
    readonly int[] _suppressed;
    readonly int _lastInitialTimestamp;

    public LogitRules(Vocabulary vocabulary, DecodingOptions options, bool withTimestamps)
    {
        _vocabulary = vocabulary;
        _withTimestamps = withTimestamps;
        _suppressBlank = options.SuppressBlank;
        _suppressed = [.. options.SuppressTokens.Where(id => id < vocabulary.Size), .. options.SuppressNonSpeech ? vocabulary.NonSpeech : []];
        _lastInitialTimestamp = options.MaxInitialTimestamp is { } latest
            ? (int)Math.Round(Math.Clamp(latest.TotalSeconds * StepsPerSecond, 0, vocabulary.Size))
            : vocabulary.Size;
    }

    /// <summary>Applies all rules to one row of logits, [vocabulary].</summary>
    public void Apply(Span<float> logits, in DecodedSoFar decoded)
    {
        SuppressBlank(logits, in decoded);
        SuppressSpecial(logits);
        foreach (var id in _suppressed)
        {
            logits[id] = float.NegativeInfinity;
        }

        if (_withTimestamps)
        {
            PairTimestamps(logits, in decoded);
            LimitTimestamps(logits, in decoded);
        }
        else
        {
            logits[_vocabulary.FirstTimestamp..].Fill(float.NegativeInfinity);
        }
    }

    /// <summary>A window does not begin with nothing: neither the end nor a lone space.</summary>
    void SuppressBlank(Span<float> logits, in DecodedSoFar decoded)
    {
        if (decoded.Count == 0 && _suppressBlank)
        {
            logits[_vocabulary.EndOfText] = float.NegativeInfinity;
            if (_vocabulary.Space >= 0)
            {
                logits[_vocabulary.Space] = float.NegativeInfinity;
            }
        }
    }

    /// <summary>Everything between the end of text and the timestamps belongs into prompts only.</summary>
    void SuppressSpecial(Span<float> logits) =>
        logits[(_vocabulary.EndOfText + 1).._vocabulary.FirstTimestamp].Fill(float.NegativeInfinity);

    /// <summary>Timestamps come in pairs, end and start, except at the very beginning and before the end of text.</summary>
    void PairTimestamps(Span<float> logits, in DecodedSoFar decoded)
    {
        if (decoded.Count == 0 || decoded.Last < _vocabulary.FirstTimestamp)
        {
            return;
        }

        if (decoded.Count < 2 || decoded.BeforeLast >= _vocabulary.FirstTimestamp)
        {
            logits[_vocabulary.FirstTimestamp..].Fill(float.NegativeInfinity);
        }
        else
        {
            logits[.._vocabulary.EndOfText].Fill(float.NegativeInfinity);
        }
    }

    /// <summary>The first timestamp lies within the first second (or what the options say), and none before the latest one.</summary>
    void LimitTimestamps(Span<float> logits, in DecodedSoFar decoded)
    {
        if (decoded.Count == 0 && _vocabulary.FirstTimestamp + _lastInitialTimestamp + 1 < logits.Length)
        {
            logits[(_vocabulary.FirstTimestamp + _lastInitialTimestamp + 1)..].Fill(float.NegativeInfinity);
        }

        if (decoded.LatestTimestamp > 0)
        {
            logits.Slice(_vocabulary.FirstTimestamp, decoded.LatestTimestamp).Fill(float.NegativeInfinity);
        }
    }
}
