namespace SpeechEngine.Model;

/// <summary>One attention head of the decoder.</summary>
readonly record struct AlignmentHead(int Layer, int Head);

/// <summary>
/// The heads whose cross-attention follows the speech word by word. For the official models they are those that openai/whisper
/// found by trial (its <c>_ALIGNMENT_HEADS</c>); of any other model the heads of the last layer are taken, as whisper.cpp's
/// "top layers" setting does.
/// </summary>
static class AlignmentHeads
{
    /// <summary>The heads of a model of this shape.</summary>
    public static AlignmentHead[] Of(ModelDimensions shape) => Official(shape) ?? [.. Enumerable.Range(0, shape.TextHeads).Select(head => new AlignmentHead(shape.TextLayers - 1, head))];

    static AlignmentHead[]? Official(ModelDimensions shape) => (shape.AudioLayers, shape.TextLayers, shape.TextHeads, shape.Vocabulary) switch
    {
        (4, 4, 6, 51864) => [.. Layer(1, 0), .. Layer(2, 0, 5), .. Layer(3, 0, 1, 2, 3, 4)],
        (4, 4, 6, 51865) => [.. Layer(2, 2), .. Layer(3, 0, 2, 3, 4, 5)],
        (6, 6, 8, 51864) => [.. Layer(3, 3), .. Layer(4, 7), .. Layer(5, 1, 5, 7)],
        (6, 6, 8, 51865) => [.. Layer(3, 1), .. Layer(4, 2, 3, 7), .. Layer(5, 1, 2, 4, 6)],
        (12, 12, 12, 51864) =>
        [
            .. Layer(6, 6), .. Layer(7, 0, 3, 8), .. Layer(8, 2, 5, 7), .. Layer(9, 0, 4, 8, 10), .. Layer(10, 0, 1, 2, 3, 6, 11), .. Layer(11, 2, 4),
        ],
        (12, 12, 12, 51865) => [.. Layer(5, 3, 9), .. Layer(8, 0, 4, 7, 8), .. Layer(9, 0, 7, 9), .. Layer(10, 5)],
        (24, 24, 16, 51864) =>
        [
            .. Layer(11, 4), .. Layer(14, 1, 12, 14), .. Layer(15, 4), .. Layer(16, 0, 4, 9), .. Layer(17, 12, 14), .. Layer(18, 7, 10, 15),
            .. Layer(20, 0, 3, 9, 14), .. Layer(21, 12),
        ],
        (24, 24, 16, 51865) => [.. Layer(13, 15), .. Layer(15, 4, 15), .. Layer(16, 1), .. Layer(20, 0), .. Layer(23, 4)],

        // large-v1 has this shape too and nothing in its file names it; v2 took its place within months.
        (32, 32, 20, 51865) =>
        [
            .. Layer(10, 12), .. Layer(13, 17), .. Layer(16, 11, 12, 13), .. Layer(17, 15, 16), .. Layer(18, 4, 11, 19), .. Layer(19, 11),
            .. Layer(21, 2, 3), .. Layer(22, 3, 9, 12), .. Layer(23, 5, 7, 13), .. Layer(25, 5), .. Layer(26, 1, 12), .. Layer(27, 15),
        ],
        (32, 32, 20, 51866) =>
        [
            .. Layer(7, 0), .. Layer(10, 17), .. Layer(12, 18), .. Layer(13, 12), .. Layer(16, 1), .. Layer(17, 14), .. Layer(19, 11),
            .. Layer(21, 4), .. Layer(24, 1), .. Layer(25, 6),
        ],
        (32, 4, 20, 51866) => [.. Layer(2, 4, 11), .. Layer(3, 3, 6, 11, 14)],
        _ => null,
    };

    static IEnumerable<AlignmentHead> Layer(int layer, params int[] heads) => heads.Select(head => new AlignmentHead(layer, head));
}
