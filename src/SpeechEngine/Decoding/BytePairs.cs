namespace SpeechEngine.Decoding;

/// <summary>
/// GPT-2's byte pair encoding of one piece of text. The merge table needs no file of its own: a token's id is its rank, and two
/// neighbours may be joined when together they are a token.
/// </summary>
static class BytePairs
{
    // In GPT-2's order the printable bytes come first: 0x21 is token 0, and 0x00 to 0x20 are tokens 188 to 220.
    const int FirstPrintable = 0x21;
    const int LastPrintable = 0x7E;
    const int FirstControl = 188;

    /// <summary>
    /// Whether a vocabulary begins with the single bytes in GPT-2's order, as that of every official model does. Bytes from 0x7F on
    /// are not looked at: some files have lost them.
    /// </summary>
    public static bool AreIn(byte[][] tokens) => tokens.Length > 256
        && Enumerable.Range(FirstPrintable, LastPrintable - FirstPrintable + 1).All(value => tokens[value - FirstPrintable] is [var single] && single == value)
        && Enumerable.Range(0, FirstPrintable).All(value => tokens[FirstControl + value] is [var single] && single == value);

    /// <summary>Adds the tokens of a piece; bytes without a token are left out.</summary>
    /// <param name="ids">Token by its bytes, one character per byte.</param>
    /// <param name="piece">One character per byte.</param>
    public static void Encode(Dictionary<string, int> ids, string piece, List<int> tokens)
    {
        if (ids.TryGetValue(piece, out var whole))
        {
            tokens.Add(whole);
            return;
        }

        var ranks = ids.GetAlternateLookup<ReadOnlySpan<char>>();

        // Part i begins at byte i; a length of 0 says that it has been joined to the one before.
        var lengths = new int[piece.Length];
        var before = new int[piece.Length];
        Array.Fill(lengths, 1);
        var candidates = new PriorityQueue<(int Left, int Length), (int Rank, int Left)>();
        void Consider(int left)
        {
            var right = left + lengths[left];
            if (right < piece.Length)
            {
                before[right] = left;
                var length = lengths[left] + lengths[right];
                if (ranks.TryGetValue(piece.AsSpan(left, length), out var rank))
                {
                    candidates.Enqueue((left, length), (rank, left));
                }
            }
        }

        for (var i = 0; i < piece.Length; i++)
        {
            Consider(i);
        }

        while (candidates.TryDequeue(out var pair, out _))
        {
            var right = pair.Left + lengths[pair.Left];
            if (lengths[pair.Left] == 0 || right >= piece.Length || lengths[pair.Left] + lengths[right] != pair.Length)
            {
                // One of the two has been joined to another part since.
                continue;
            }

            lengths[pair.Left] = pair.Length;
            lengths[right] = 0;
            Consider(pair.Left);
            if (pair.Left > 0)
            {
                Consider(before[pair.Left]);
            }
        }

        for (var i = 0; i < piece.Length; i += lengths[i])
        {
            if (ranks.TryGetValue(piece.AsSpan(i, lengths[i]), out var id))
            {
                tokens.Add(id);
            }
        }
    }
}
