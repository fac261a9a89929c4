using SpeechEngine.Decoding;
using SpeechEngine.Kernels;
using SpeechEngine.Loading;
using SpeechEngine.Model;
using SpeechEngine.Tests.Kernels;
using SpeechEngine.Tests.Loading;

namespace SpeechEngine.Tests.Model;

/// <summary>The batched step: however tokens are grouped into steps, the logits are the same.</summary>
public sealed unsafe class TextDecoderTests : IDisposable
{
    static readonly int[] Sequence = [50258, 50259, 50359, 11, 22, 33, 44, 55];

    readonly TempFile _file = new(new ModelWriter { LinearType = TensorType.Q8_0 }.Write());
    readonly WhisperModel _model;
    readonly WorkerPool _pool = new(2);

    public TextDecoderTests() => _model = ModelLoader.Load(_file.Path);

    public void Dispose()
    {
        _model.Dispose();
        _pool.Dispose();
        _file.Dispose();
    }

    [Fact]
    public void A_prompt_in_one_step_gives_what_its_tokens_give_one_by_one()
    {
        using var state = Encoded(seed: 1);
        for (var i = 0; i < Sequence.Length; i++)
        {
            state.SetRow(i, Sequence[i], i, wantsLogits: i == Sequence.Length - 1);
        }

        Assert.Equal(1, Step(state, Sequence.Length));
        var together = state.Logits(0).ToArray();
        for (var i = 0; i < Sequence.Length; i++)
        {
            state.SetRow(0, Sequence[i], i, wantsLogits: true);
            Assert.Equal(1, Step(state, 1));
        }

        AssertClose(together, state.Logits(0));
    }

    [Fact]
    public void Sequences_of_different_windows_and_lengths_share_a_step_without_touching_each_other()
    {
        // Three sequences: two listen to the same window, one to another; each is alone in its own state for comparison.
        using var first = Encoded(seed: 1);
        using var second = Encoded(seed: 2);
        using var third = Encoded(seed: 1);
        var alone = new List<float[]>();
        var owners = new[] { first, third, second };
        for (var s = 0; s < owners.Length; s++)
        {
            for (var i = 0; i <= s + 2; i++)
            {
                owners[s].SetRow(0, Sequence[i] + s, i, wantsLogits: i == s + 2);
                Step(owners[s], 1);
            }

            alone.Add(owners[s].Logits(0).ToArray());
        }

        // The last token of each once more, now in one step; the first two share the window of the first.
        var rows = new DecoderRow[owners.Length];
        for (var s = 0; s < owners.Length; s++)
        {
            rows[s] = new DecoderRow
            {
                Token = Sequence[s + 2] + s,
                Position = s + 2,
                Self = owners[s].Sequences[0],
                Cross = s == 1 ? first.Cross : owners[s].Cross,
                WantsLogits = true,
            };
        }

        Assert.Equal(3, first.Decoder.Step(rows, first.Scratch, CancellationToken.None));
        for (var s = 0; s < owners.Length; s++)
        {
            AssertClose(alone[s], first.Logits(s));
        }
    }

    [Fact]
    public void Only_wanted_rows_get_logits()
    {
        using var state = Encoded(seed: 1);
        for (var i = 0; i < 4; i++)
        {
            state.SetRow(i, Sequence[i], i, wantsLogits: i is 0 or 3);
        }

        Assert.Equal(2, Step(state, 4));
        var sot = state.Logits(0).ToArray();
        state.SetRow(0, Sequence[0], 0, wantsLogits: true);
        Step(state, 1);

        AssertClose(sot, state.Logits(0));
    }

    [Fact]
    public void The_longest_prompt_fits()
    {
        using var state = Encoded(seed: 1);
        for (var i = 0; i < Scratch.MaxDecoderRows; i++)
        {
            state.SetRow(i, i, i, wantsLogits: i == Scratch.MaxDecoderRows - 1);
        }

        Assert.Equal(1, Step(state, Scratch.MaxDecoderRows));
        Assert.All(state.Logits(0).ToArray(), logit => Assert.True(float.IsFinite(logit)));
    }

    [Fact]
    public void Listening_heads_are_copied_out_and_change_nothing()
    {
        using var state = Encoded(seed: 1);
        var rows = 30;
        for (var i = 0; i < rows; i++)
        {
            state.SetRow(i, 10 + i, i, wantsLogits: i == rows - 1);
        }

        Step(state, rows);
        var expected = state.Logits(0).ToArray();
        state.Decoder.Step(state.Rows.AsSpan(0, rows), state.Scratch, CancellationToken.None, state.Scratch.Alignment);

        Assert.Equal(expected, state.Logits(0));
        var heard = state.Scratch.Alignment;
        Assert.Equal(_model.Dimensions.TextHeads, heard.Heads);
        for (var head = 0; head < heard.Heads; head++)
        {
            for (var row = 0; row < rows; row++)
            {
                var probabilities = new ReadOnlySpan<float>(heard.Probabilities + (head * AlignmentScratch.HeadStride) + (row * AlignmentScratch.RowStride), 1500).ToArray();
                Assert.Equal(1.0, probabilities.Sum(value => (double)value), 1e-3);
                Assert.All(probabilities, value => Assert.InRange(value, 0f, 1f));
            }
        }

        Assert.Equal(0, Allocations.Of(() => state.Decoder.Step(state.Rows.AsSpan(0, rows), state.Scratch, CancellationToken.None, state.Scratch.Alignment)));
    }

    [Fact]
    public void A_step_allocates_nothing()
    {
        using var state = Encoded(seed: 1);
        var rules = new LogitRules(_model.Vocabulary, new DecodingOptions(), withTimestamps: true);

        Assert.Equal(0, Allocations.Of(() =>
        {
            for (var position = 0; position < 50; position++)
            {
                DecodeOne(state, rules, position);
            }
        }));
    }

    [Fact]
    public void A_cancelled_step_stops()
    {
        using var state = Encoded(seed: 1);
        state.SetRow(0, 1, 0, wantsLogits: true);

        Assert.Throws<OperationCanceledException>(() => state.Decoder.Step(state.Rows.AsSpan(0, 1), state.Scratch, new CancellationToken(canceled: true)));
        Assert.Throws<OperationCanceledException>(() => state.Encoder.Encode(state.Scratch, new CancellationToken(canceled: true)));
        Assert.Throws<OperationCanceledException>(() => state.Encoder.FillCross(state.Scratch, state.Cross, new CancellationToken(canceled: true)));
    }

    static void DecodeOne(DecodingState state, LogitRules rules, int position)
    {
        state.SetRow(0, position % 200, position, wantsLogits: true);
        state.Decoder.Step(state.Rows.AsSpan(0, 1), state.Scratch, CancellationToken.None);
        rules.Apply(state.Logits(0), new DecodedSoFar(position, 5, 6, -1));
        _ = TokenChoice.Summarise(state.Logits(0), state.Model.Vocabulary.FirstTimestamp);
    }

    static int Step(DecodingState state, int rows) => state.Decoder.Step(state.Rows.AsSpan(0, rows), state.Scratch, CancellationToken.None);

    DecodingState Encoded(int seed)
    {
        var state = new DecodingState(_model, _pool);
        var mels = _model.Dimensions.Mels;
        Widths.Random(ModelDimensions.WindowFrames * mels, seed).CopyTo(new Span<float>(state.Scratch.Mel.Floats + mels, ModelDimensions.WindowFrames * mels));
        state.Encoder.Encode(state.Scratch, CancellationToken.None);
        state.Encoder.FillCross(state.Scratch, state.Cross, CancellationToken.None);
        return state;
    }

    static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], 1e-3f);
        }
    }
}
