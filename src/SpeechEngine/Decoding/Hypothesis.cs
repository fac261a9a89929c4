namespace SpeechEngine.Decoding;

/// <summary>What bounds the sequences of one window.</summary>
/// <param name="MostTokens">Tokens a sequence may have.</param>
/// <param name="Remaining">Frames of 10 ms from the window's start to the end of the audio.</param>
/// <param name="WithTimestamps">Whether the model places its text in time.</param>
/// <param name="CutsAtTimestamps">Whether text after the last timestamp is left to the next window.</param>
readonly record struct WindowLimits(int MostTokens, int Remaining, bool WithTimestamps, bool CutsAtTimestamps);

/// <summary>Where a sequence stands.</summary>
enum HypothesisState
{
    /// <summary>More tokens follow.</summary>
    Open,

    /// <summary>It came to its end: the end of text, or of the audio.</summary>
    Ended,

    /// <summary>It came to no end, or goes round in circles.</summary>
    Failed,
}

/// <summary>One possible text of a window: its tokens so far, and how far into the window they lead.</summary>
sealed class Hypothesis(Vocabulary vocabulary, int capacity)
{
    /// <summary>Frames of 10 ms at the end of the audio that hold no more speech; whisper.cpp stops at the same place.</summary>
    public const int EndMargin = 10;

    const int WindowFrames = Model.ModelDimensions.WindowFrames;

    readonly DecodedToken[] _tokens = new DecodedToken[capacity];
    readonly RepetitionDetector _repetition = new(capacity);
    double _sum;
    int _placed;
    bool _closed;
    ulong _wording;

    /// <summary>Tokens in the order they were chosen.</summary>
    public ReadOnlySpan<DecodedToken> Tokens => _tokens.AsSpan(0, Count);

    public int Count { get; private set; }

    public HypothesisState State { get; private set; }

    /// <summary>True when it failed because it repeats itself.</summary>
    public bool IsRepeating => _repetition.Surplus > 0;

    /// <summary>Frames of 10 ms up to the latest timestamp; the whole window as long as there is none.</summary>
    public int Advance { get; private set; }

    /// <summary>Sum of the tokens' log-probabilities.</summary>
    public double LogProbability => _sum;

    /// <summary>What the rules of the next token need to know.</summary>
    public DecodedSoFar SoFar => new(
        Count, Count > 0 ? _tokens[Count - 1].Id : -1, Count > 1 ? _tokens[Count - 2].Id : -1, _placed > 0 ? Advance / 2 : -1);

    /// <summary>Starts anew, without a token.</summary>
    public void Reset()
    {
        Count = 0;
        State = HypothesisState.Open;
        Advance = WindowFrames;
        _sum = 0;
        _placed = 0;
        _closed = false;
        _wording = 0;
        _repetition.Reset();
    }

    /// <summary>Becomes the same as another one.</summary>
    public void CopyFrom(Hypothesis other)
    {
        Count = other.Count;
        State = other.State;
        Advance = other.Advance;
        _sum = other._sum;
        _placed = other._placed;
        _closed = other._closed;
        _wording = other._wording;
        other.Tokens.CopyTo(_tokens);
        _repetition.CopyFrom(other._repetition);
    }

    /// <summary>Would the text go round in circles with this token?</summary>
    public bool WouldRepeat(int token) => token < vocabulary.EndOfText && _repetition.WouldRepeat(token);

    /// <summary>What the text would read with one more token, as a number: texts that differ only in the values of their timestamps have the same.</summary>
    public ulong WordingWith(int token) => (_wording + (ulong)Math.Min(token, vocabulary.FirstTimestamp) + 1) * 0x9E3779B97F4A7C15;

    /// <summary>Would the text come to its end with this token?</summary>
    public bool WouldEnd(int token, in WindowLimits limits)
    {
        var isTimestamp = token > vocabulary.FirstTimestamp;
        return StateOf(token, Count + 1, isTimestamp || _placed > 0, isTimestamp ? vocabulary.FrameOf(token) : Advance, in limits) == HypothesisState.Ended;
    }

    /// <summary>Takes the next token.</summary>
    public void Extend(DecodedToken token, in WindowLimits limits)
    {
        _tokens[Count++] = token;
        _sum += token.LogProbability;
        _wording = WordingWith(token.Id);
        if (token.Id > vocabulary.FirstTimestamp)
        {
            Advance = vocabulary.FrameOf(token.Id);
            _placed = Count;
            _closed |= _repetition.Count > 0;
        }
        else if (token.Id < vocabulary.EndOfText)
        {
            _repetition.Add(token.Id);
        }

        State = IsRepeating ? HypothesisState.Failed : StateOf(token.Id, Count, _placed > 0, Advance, in limits);
    }

    /// <summary>Score by which sequences are compared: log-probability over length, or over openai/whisper's length penalty.</summary>
    public double Score(float? lengthPenalty) => Count == 0 ? double.NegativeInfinity : _sum / Penalty(Count, lengthPenalty);

    /// <summary>What a sequence of <paramref name="length"/> tokens has its log-probability divided by.</summary>
    public static double Penalty(int length, float? lengthPenalty) =>
        lengthPenalty is { } alpha ? Math.Pow((5.0 + length) / 6.0, alpha) : length;

    /// <summary>
    /// Whether what follows the latest timestamp is left to the next window. A timestamp that only opens the text would leave all of it.
    /// </summary>
    public bool IsCut(in WindowLimits limits) => limits.CutsAtTimestamps && _placed > 0 && !IsRepeating && (_closed || _repetition.Count == 0);

    /// <summary>Frames to the next window: to the last timestamp, or the whole window when speech ended with a single one or was given up.</summary>
    public int Next(in WindowLimits limits)
    {
        // A text that ran out of tokens goes on, even if the last of them was a timestamp.
        var ranOut = Count >= limits.MostTokens && _tokens[Count - 1].Id != vocabulary.EndOfText;
        var endsWithSingleTimestamp = !ranOut && _placed > 1 && _tokens[_placed - 2].Id < vocabulary.FirstTimestamp;
        return IsCut(in limits) && !endsWithSingleTimestamp ? Advance : WindowFrames;
    }

    /// <summary>
    /// Tokens that count, from the front. What follows the last timestamp is heard again by the next window; of a text that goes
    /// round in circles the first round stays.
    /// </summary>
    public int Kept(in WindowLimits limits)
    {
        if (IsRepeating)
        {
            return IndexOfText(_repetition.Count - _repetition.Surplus);
        }

        return IsCut(in limits) ? _placed : Count;
    }

    HypothesisState StateOf(int token, int count, bool isPlaced, int advance, in WindowLimits limits)
    {
        if (token == vocabulary.EndOfText || (isPlaced && limits.WithTimestamps && advance + EndMargin >= limits.Remaining))
        {
            return HypothesisState.Ended;
        }

        if (count < limits.MostTokens)
        {
            return HypothesisState.Open;
        }

        // A window that never came to an end: when its timestamps got past the middle they are trusted.
        return isPlaced && advance >= WindowFrames / 2 ? HypothesisState.Ended : HypothesisState.Failed;
    }

    int IndexOfText(int textTokens)
    {
        var index = 0;
        for (var seen = 0; index < Count; index++)
        {
            if (_tokens[index].Id < vocabulary.EndOfText && seen++ == textTokens)
            {
                break;
            }
        }

        return index;
    }
}
