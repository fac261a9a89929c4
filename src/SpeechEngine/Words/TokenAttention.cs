using SpeechEngine.Decoding;
using SpeechEngine.Kernels;
using SpeechEngine.Model;

namespace SpeechEngine.Words;

/// <summary>
/// Hears where each token of a window was spoken. The decoder reads the finished text once more, all of it in one step; while it reads
/// a token, some of its heads listen to the place where the next one is spoken. As in openai/whisper's timing.py their probabilities are:
/// <list type="number">
/// <item>scaled so that those of the positions with audio add up to 1;</item>
/// <item>standardised per head and position over the tokens, so that what every token listens to does not count;</item>
/// <item>smoothed along time by a median of seven, and averaged over the heads.</item>
/// </list>
/// </summary>
static unsafe class TokenAttention
{
    /// <summary>Encoder positions of 20 ms that the median needs.</summary>
    public const int LeastPositions = MedianFilter.Reach + 1;

    /// <summary>
    /// Fills <see cref="AlignmentScratch.Matrix"/>: row prompt - 1 + t says where text token t was heard, and the one behind the last
    /// token where the text ends.
    /// </summary>
    /// <param name="prompt">What the text follows: start of transcript to no timestamps.</param>
    /// <param name="text">Text tokens; together with the prompt at most <see cref="AlignmentScratch.MaxRows"/> - 1.</param>
    /// <param name="positions">Encoder positions that hold audio, at least <see cref="LeastPositions"/>.</param>
    public static void Fill(DecodingState state, ReadOnlySpan<int> prompt, ReadOnlySpan<int> text, int positions, CancellationToken cancellation)
    {
        var scratch = state.Scratch.Alignment;
        var rows = 0;
        foreach (var token in prompt)
        {
            state.SetRow(rows, token, rows++, wantsLogits: false);
        }

        foreach (var token in text)
        {
            state.SetRow(rows, token, rows++, wantsLogits: false);
        }

        state.SetRow(rows, state.Model.Vocabulary.EndOfText, rows++, wantsLogits: false);
        state.Decoder.Step(state.Rows.AsSpan(0, rows), state.Scratch, cancellation, scratch);

        new Span<float>(scratch.Matrix, rows * AlignmentScratch.RowStride).Clear();
        for (var head = 0; head < scratch.Heads; head++)
        {
            cancellation.ThrowIfCancellationRequested();
            AddHead(scratch, head, rows, positions);
        }
    }

    static void AddHead(AlignmentScratch scratch, int head, int rows, int positions)
    {
        var probabilities = scratch.Probabilities + (head * AlignmentScratch.HeadStride);
        for (var row = 0; row < rows; row++)
        {
            ScaleToOne(new Span<float>(probabilities + (row * AlignmentScratch.RowStride), positions));
        }

        ColumnScaling.Standardise(probabilities, rows, positions, AlignmentScratch.RowStride);
        for (var row = 0; row < rows; row++)
        {
            var offset = row * AlignmentScratch.RowStride;
            MedianFilter.Add(probabilities + offset, positions, 1f / scratch.Heads, scratch.Work(0), scratch.Matrix + offset);
        }
    }

    static void ScaleToOne(Span<float> probabilities)
    {
        var sum = 0f;
        foreach (var probability in probabilities)
        {
            sum += probability;
        }

        var scale = sum > 0f ? 1f / sum : 0f;
        foreach (ref var probability in probabilities)
        {
            probability *= scale;
        }
    }
}
