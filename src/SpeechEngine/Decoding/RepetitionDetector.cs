namespace SpeechEngine.Decoding;

/// <summary>
/// Notices while a text is being decoded that it goes round in circles: the same run of tokens four times in a row, and sixteen tokens of it
/// at least, so that a phone number with five sevens is none. Costs a comparison per possible length of the circle and token.
/// </summary>
sealed class RepetitionDetector(int capacity)
{
    const int LongestPeriod = 56;
    const int LeastRepeats = 4;
    const int LeastTokens = 16;

    readonly int[] _tokens = new int[capacity];

    // For every period: how many of the latest tokens equal the token one period before them.
    readonly int[] _runs = new int[LongestPeriod + 1];

    /// <summary>Tokens added so far.</summary>
    public int Count { get; private set; }

    /// <summary>Tokens of the circle beyond its first round; 0 while there is none.</summary>
    public int Surplus { get; private set; }

    /// <summary>Forgets everything.</summary>
    public void Reset()
    {
        Count = 0;
        Surplus = 0;
        Array.Clear(_runs);
    }

    /// <summary>Takes over what another one has seen.</summary>
    public void CopyFrom(RepetitionDetector other)
    {
        Count = other.Count;
        Surplus = other.Surplus;
        other._tokens.AsSpan(0, Count).CopyTo(_tokens);
        other._runs.CopyTo(_runs, 0);
    }

    /// <summary>Would this token close a circle?</summary>
    public bool WouldRepeat(int token)
    {
        for (var period = 1; period <= Math.Min(LongestPeriod, Count); period++)
        {
            if (_tokens[Count - period] == token && IsCircle(_runs[period] + 1, period))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Adds a token of text; timestamps are left out, because they differ from round to round.</summary>
    public void Add(int token)
    {
        for (var period = 1; period <= Math.Min(LongestPeriod, Count); period++)
        {
            _runs[period] = _tokens[Count - period] == token ? _runs[period] + 1 : 0;
            if (Surplus == 0 && IsCircle(_runs[period], period))
            {
                Surplus = _runs[period];
            }
        }

        _tokens[Count++] = token;
    }

    static bool IsCircle(int run, int period) => run >= (LeastRepeats - 1) * period && run + period >= LeastTokens;
}
