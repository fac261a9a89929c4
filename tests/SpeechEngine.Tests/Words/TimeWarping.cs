using SpeechEngine.Model;

namespace SpeechEngine.Tests.Words;

/// <summary>Plain dynamic time warping as openai/whisper and whisper.cpp do it, for comparison.</summary>
static unsafe class TimeWarping
{
    /// <summary>
    /// Follows the path that gathers most, by steps to the next row, the next column or both; returns the first column of the path in
    /// each of the rows from <paramref name="firstRow"/> on.
    /// </summary>
    public static int[] Entries(AlignmentScratch scratch, int firstRow, int rows, int columns)
    {
        var sums = new float[rows + 1, columns + 1];
        for (var row = 0; row <= rows; row++)
        {
            for (var column = 0; column <= columns; column++)
            {
                sums[row, column] = row + column == 0 ? 0 : float.NegativeInfinity;
                if (row > 0 && column > 0)
                {
                    var before = MathF.Max(sums[row - 1, column - 1], MathF.Max(sums[row - 1, column], sums[row, column - 1]));
                    sums[row, column] = before + scratch.Matrix[((firstRow + row - 1) * AlignmentScratch.RowStride) + column - 1];
                }
            }
        }

        var entries = new int[rows];
        for (int row = rows, column = columns; row > 1 || column > 1;)
        {
            var along = sums[row, column - 1];
            var down = sums[row - 1, column];
            var both = sums[row - 1, column - 1];
            entries[row - 1] = column - 1;
            (row, column) = both > down && both > along ? (row - 1, column - 1) : down > along ? (row - 1, column) : (row, column - 1);
        }

        return entries;
    }
}
