using SpeechEngine.Kernels;
using SpeechEngine.Model;

namespace SpeechEngine.Words;

/// <summary>What the search knows of a token.</summary>
/// <param name="Length">Its <see cref="SpokenLength"/>.</param>
/// <param name="StartsWord">Whether a pause may lie before it.</param>
readonly record struct PlacedToken(float Length, bool StartsWord);

/// <summary>
/// Cuts the sound of a window into one stretch per token, in order, such that the sum of three things is best:
/// <list type="bullet">
/// <item>what the decoder heard: the token's row of <see cref="AlignmentScratch.Matrix"/> summed over the stretch;</item>
/// <item>how likely the stretch's duration is: word durations spread like a log-normal around what their letters take at the window's pace;</item>
/// <item>no word lies on both sides of a pause.</item>
/// </list>
/// Plain dynamic time warping, which openai/whisper and whisper.cpp use, has the first only: where the heads say little, it gives
/// some words no time and others several words' worth.
/// </summary>
static unsafe class TokenPath
{
    // What the heads say counts this much: for a model whose heads say little more would do harm (0.1 to 0.3 differ by 10 ms).
    const float Trust = 0.2f;

    // Standard deviation of a duration's logarithm.
    const float Spread = 0.4f;

    // Sound before the first word and after the last belongs to none, at this cost per position.
    const float Unspoken = 0.06f;

    // A stretch this much longer than expected is not looked at.
    const float LongestFactor = 4f;
    const int LongestExtra = 20;

    /// <summary>Finds the stretches.</summary>
    /// <param name="firstRow">Row of the matrix that belongs to the first token.</param>
    /// <param name="tokens">At least one, at most <see cref="AlignmentScratch.MaxRows"/> - 1.</param>
    /// <param name="places">Receives the places on the axis between which the tokens lie, ascending: [tokens + 1].</param>
    public static void Find(AlignmentScratch scratch, int firstRow, ReadOnlySpan<PlacedToken> tokens, SoundAxis axis, Span<int> places)
    {
        var count = axis.Count;
        var pace = count / Math.Max(1f, TotalLength(tokens));
        var splits = Sums(axis.SplitCosts);
        for (var place = 0; place <= count; place++)
        {
            scratch.Scores[place] = -Unspoken * place;
        }

        for (var i = 0; i < tokens.Length; i++)
        {
            var token = Prepare(scratch, firstRow, i, tokens[i], pace, axis, splits);
            MaxConvolution.Compute(token.Starts, count + 1, token.Penalties, token.Reach, token.Next);
            for (var place = 0; place <= count; place++)
            {
                token.Next[place] = MathF.Max(token.Before[place] - token.Penalties[0], token.Next[place] + token.Ends[place]);
            }
        }

        places[^1] = BestEnd(scratch.Scores + ((long)tokens.Length * AlignmentScratch.RowStride), count);
        for (var i = tokens.Length - 1; i >= 0; i--)
        {
            var token = Prepare(scratch, firstRow, i, tokens[i], pace, axis, splits);
            places[i] = BestStart(token, places[i + 1]);
        }
    }

    /// <summary>
    /// The parts of a token's score. A stretch from place s to place e &gt; s is worth Starts[s] - Penalties[e - s] + Ends[e] together with
    /// what lies before it, and an empty one at s Before[s] - Penalties[0].
    /// </summary>
    static TokenScore Prepare(AlignmentScratch scratch, int firstRow, int index, PlacedToken token, float pace, SoundAxis axis, float[] splits)
    {
        var count = axis.Count;
        var expected = token.Length * pace;
        var score = new TokenScore
        {
            Before = scratch.Scores + ((long)index * AlignmentScratch.RowStride),
            Next = scratch.Scores + ((long)(index + 1) * AlignmentScratch.RowStride),
            Penalties = scratch.Work(0),
            Ends = scratch.Work(1),
            Starts = scratch.Work(3),
            Reach = (int)Math.Clamp((LongestFactor * expected) + LongestExtra, 1, count),
        };

        for (var d = 0; d <= score.Reach; d++)
        {
            var deviation = MathF.Log((d + 1) / (expected + 1)) / Spread;
            score.Penalties[d] = 0.5f * deviation * deviation;
        }

        var heard = scratch.Matrix + ((long)(firstRow + index) * AlignmentScratch.RowStride);
        var sum = 0f;
        new Span<float>(score.Starts - score.Reach, score.Reach).Fill(float.NegativeInfinity);
        for (var place = 0; place <= count; place++)
        {
            // Dividing costs are summed over the places inside the stretch, and at its start when the word goes on there.
            score.Starts[place] = score.Before[place] - sum + splits[token.StartsWord || place == 0 ? place : place - 1];
            score.Ends[place] = sum - splits[Math.Max(0, place - 1)];
            sum += place < count ? Trust * heard[axis.Positions[place]] : 0f;
        }

        return score;
    }

    static int BestStart(in TokenScore token, int end)
    {
        var start = end;
        var best = token.Before[end] - token.Penalties[0];
        for (var d = 1; d <= Math.Min(token.Reach, end); d++)
        {
            var value = token.Starts[end - d] - token.Penalties[d] + token.Ends[end];
            if (value > best)
            {
                best = value;
                start = end - d;
            }
        }

        return start;
    }

    static int BestEnd(float* scores, int count)
    {
        var end = count;
        for (var place = count - 1; place >= 0; place--)
        {
            if (scores[place] - (Unspoken * (count - place)) > scores[end] - (Unspoken * (count - end)))
            {
                end = place;
            }
        }

        return end;
    }

    static float TotalLength(ReadOnlySpan<PlacedToken> tokens)
    {
        var total = 0f;
        foreach (var token in tokens)
        {
            total += token.Length;
        }

        return total;
    }

    static float[] Sums(float[] values)
    {
        var sums = new float[values.Length];
        var sum = 0f;
        for (var i = 0; i < values.Length; i++)
        {
            sum += values[i];
            sums[i] = sum;
        }

        return sums;
    }

    struct TokenScore
    {
        public float* Before;
        public float* Next;
        public float* Penalties;
        public float* Starts;
        public float* Ends;
        public int Reach;
    }
}
