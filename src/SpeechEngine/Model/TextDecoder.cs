using System.Diagnostics;
using SpeechEngine.Kernels;

namespace SpeechEngine.Model;

/// <summary>One token to feed to the decoder.</summary>
struct DecoderRow
{
    /// <summary>The token.</summary>
    public int Token;

    /// <summary>Its position in its sequence; all earlier positions are in <see cref="Self"/> already or in earlier rows of the same step.</summary>
    public int Position;

    /// <summary>Keys and values of the sequence the token belongs to.</summary>
    public KeyValueCache Self;

    /// <summary>Keys and values of the window the sequence listens to; sequences may share it.</summary>
    public KeyValueCache Cross;

    /// <summary>Whether the row's logits are needed: the vocabulary is the largest matrix, so it is asked row by row.</summary>
    public bool WantsLogits;
}

/// <summary>
/// The decoder: a batch of rows → logits of the next token. Rows may be a prompt (consecutive positions of one sequence), one token each of
/// several sequences (beams, windows of one file, other people's requests), or any mix; each weight is read once per step for all of them.
/// </summary>
sealed unsafe class TextDecoder(ModelDimensions shape, WhisperWeights weights, WorkerPool pool)
{
    /// <summary>
    /// Runs one step. The logits of the wanted rows are left in <see cref="Scratch.Logits"/>, in the order of the rows,
    /// <see cref="Scratch.LogitStride"/> floats apart.
    /// </summary>
    /// <param name="rows">At most <see cref="Scratch.MaxDecoderRows"/>, of which at most <see cref="Scratch.MaxLogitRows"/> want logits.</param>
    /// <param name="heard">Receives where some heads listened, when given.</param>
    /// <returns>Number of rows of logits.</returns>
    public int Step(ReadOnlySpan<DecoderRow> rows, Scratch scratch, CancellationToken cancellation, AlignmentScratch? heard = null)
    {
        Debug.Assert(rows.Length is > 0 and <= Scratch.MaxDecoderRows, "The scratch has no room for so many rows.");
        var state = shape.TextState;
        var residual = scratch.TextResidual.Floats;
        var normal = scratch.TextNormal.Floats;
        var projected = scratch.TextQueryKeyValue.Floats;
        var attended = scratch.TextAttention.Floats;
        var hidden = scratch.TextHidden.Floats;
        Embed(rows, residual);

        for (var layer = 0; layer < shape.TextLayers; layer++)
        {
            cancellation.ThrowIfCancellationRequested();
            var block = weights.DecoderBlocks[layer];

            Normalise(residual, rows.Length, block.AttentionNorm, normal);
            Multiply(normal, rows.Length, block.QueryKeyValue, projected, accumulate: false, gelu: false);
            Remember(rows, layer, projected, scratch);
            Attend(rows, layer, cross: false, projected, 3 * state, scratch, attended, null);
            Multiply(attended, rows.Length, block.AttentionOut, residual, accumulate: true, gelu: false);

            var crossBlock = block.Cross!;
            Normalise(residual, rows.Length, crossBlock.Norm, normal);
            Multiply(normal, rows.Length, crossBlock.Query, projected, accumulate: false, gelu: false);
            Attend(rows, layer, cross: true, projected, state, scratch, attended, heard);
            Multiply(attended, rows.Length, crossBlock.Out, residual, accumulate: true, gelu: false);

            Normalise(residual, rows.Length, block.MlpNorm, normal);
            Multiply(normal, rows.Length, block.MlpUp, hidden, accumulate: false, gelu: true);
            Multiply(hidden, rows.Length, block.MlpDown, residual, accumulate: true, gelu: false);
        }

        cancellation.ThrowIfCancellationRequested();
        return ComputeLogits(rows, residual, normal, scratch);
    }

    void Embed(ReadOnlySpan<DecoderRow> rows, float* residual)
    {
        for (var i = 0; i < rows.Length; i++)
        {
            var target = residual + ((long)i * shape.TextState);
            weights.TokenEmbedding.CopyColumn(rows[i].Token, target);
            var position = weights.DecoderPositions.Floats + ((long)rows[i].Position * shape.TextState);
            for (var k = 0; k < shape.TextState; k++)
            {
                target[k] += position[k];
            }
        }
    }

    /// <summary>Puts the rows' keys and values into their sequences' caches.</summary>
    void Remember(ReadOnlySpan<DecoderRow> rows, int layer, float* projected, Scratch scratch)
    {
        var state = shape.TextState;
        var halves = scratch.HalfRow.Halves;
        for (var i = 0; i < rows.Length; i++)
        {
            HalfBits.Convert(projected + ((((long)i * 3) + 1) * state), 2 * state, halves);
            rows[i].Self.Layer(layer).Store(rows[i].Position, halves, halves + state);
        }
    }

    /// <summary>Attention of all rows in all heads: over their own past, or over the window they listen to.</summary>
    void Attend(ReadOnlySpan<DecoderRow> rows, int layer, bool cross, float* queries, int queryStride, Scratch scratch, float* output, AlignmentScratch? heard)
    {
        var groups = (RowGroup*)scratch.RowGroups.Data;
        var count = 0;
        for (var i = 0; i < rows.Length;)
        {
            // Neighbours over the same window read its keys once for all of them; every row has a past of its own length.
            var together = 1;
            if (cross)
            {
                while (i + together < rows.Length && together < Attention.MaxRows && rows[i + together].Cross == rows[i].Cross)
                {
                    together++;
                }
            }

            var cache = cross ? rows[i].Cross : rows[i].Self;
            groups[count++] = new RowGroup
            {
                FirstRow = i,
                Rows = together,
                Positions = cross ? shape.AudioContext : rows[i].Position + 1,
                Memory = cache.Layer(layer),
            };
            i += together;
        }

        var job = new AttentionJob
        {
            Groups = groups,
            Heads = shape.TextHeads,
            HeadSize = shape.TextHeadSize,
            Queries = queries,
            QueryStride = queryStride,
            Output = output,
            OutputStride = shape.TextState,
            Scores = scratch.Scores.Floats,
            ScoreStride = scratch.ScoreStride,
        };
        if (heard is not null)
        {
            job.Slots = heard.SlotsOf(layer);
            job.Heard = heard.Probabilities;
            job.HeardStride = AlignmentScratch.RowStride;
            job.HeardHeadStride = AlignmentScratch.HeadStride;
        }

        pool.Run(count * shape.TextHeads, &AttendHead, &job);
    }

    int ComputeLogits(ReadOnlySpan<DecoderRow> rows, float* residual, float* normal, Scratch scratch)
    {
        var wanted = 0;
        var norm = weights.DecoderNorm;
        for (var i = 0; i < rows.Length; i++)
        {
            if (rows[i].WantsLogits)
            {
                LayerNorm.Compute(
                    residual + ((long)i * shape.TextState), norm.Gain.Floats, norm.Bias.Floats, shape.TextState,
                    normal + ((long)wanted * shape.TextState));
                wanted++;
            }
        }

        Debug.Assert(wanted <= Scratch.MaxLogitRows, "The scratch has no room for so many rows of logits.");
        if (wanted > 0)
        {
            BlockRounding.Apply(weights.TokenEmbedding.View, normal, shape.TextState, wanted);
            var job = new ProductJob(normal, wanted, weights.TokenEmbedding, scratch.Logits.Floats, scratch.LogitStride);
            pool.Run(job.Tasks(pool.Threads), &MultiplyPanels, &job);
        }

        return wanted;
    }

    void Normalise(float* residual, int rows, NormWeights norm, float* output)
    {
        var state = shape.TextState;
        for (var i = 0; i < rows; i++)
        {
            LayerNorm.Compute(residual + ((long)i * state), norm.Gain.Floats, norm.Bias.Floats, state, output + ((long)i * state));
        }
    }

    void Multiply(float* input, int rows, PackedMatrix matrix, float* output, bool accumulate, bool gelu)
    {
        BlockRounding.Apply(matrix.View, input, matrix.View.Inputs, rows);
        var job = new ProductJob(input, rows, matrix, output, matrix.Outputs) { Gelu = gelu };
        job.Finish.Accumulate = accumulate;
        pool.Run(job.Tasks(pool.Threads), &MultiplyPanels, &job);
    }

    static void MultiplyPanels(void* context, int task, int worker)
    {
        var job = (ProductJob*)context;
        var view = job->Matrix;
        var first = task * job->PanelsPerTask;
        view.Data += first * view.PanelBytes;
        view.Panels = Math.Min(job->PanelsPerTask, view.Panels - first);
        var finish = job->Finish;
        finish.Bias = finish.Bias is null ? null : finish.Bias + (first * Panel.Columns);
        var output = job->Output + (first * Panel.Columns);
        MatMul.Compute(job->Input, job->Matrix.Inputs, job->Rows, in view, in finish, output, job->OutputStride);
        if (job->Gelu)
        {
            for (var row = 0; row < job->Rows; row++)
            {
                Gelu.Compute(output + ((long)row * job->OutputStride), view.Panels * Panel.Columns);
            }
        }
    }

    static void AttendHead(void* context, int task, int worker)
    {
        var job = (AttentionJob*)context;
        var (index, head) = Math.DivRem(task, job->Heads);
        var group = job->Groups + index;
        var memory = group->Memory.Head(head);
        var slot = job->Slots is null ? -1 : job->Slots[head];
        var heard = slot < 0 ? null : job->Heard + (slot * job->HeardHeadStride) + ((long)group->FirstRow * job->HeardStride);
        Attention.Compute(
            job->Queries + ((long)group->FirstRow * job->QueryStride) + (head * job->HeadSize), job->QueryStride, group->Rows,
            in memory, group->Positions,
            job->Scores + ((long)worker * Attention.MaxRows * job->ScoreStride), job->ScoreStride,
            job->Output + ((long)group->FirstRow * job->OutputStride) + (head * job->HeadSize), job->OutputStride,
            heard, job->HeardStride);
    }

    /// <summary>Rows that see the same keys.</summary>
    struct RowGroup
    {
        public int FirstRow;
        public int Rows;
        public int Positions;
        public LayerMemory Memory;
    }

    struct AttentionJob
    {
        public RowGroup* Groups;
        public int Heads;
        public int HeadSize;
        public float* Queries;
        public int QueryStride;
        public float* Output;
        public int OutputStride;
        public float* Scores;
        public int ScoreStride;
        public int* Slots;
        public float* Heard;
        public int HeardStride;
        public long HeardHeadStride;
    }

    /// <summary>A product of few rows, split by panels: each thread reads its own part of the weights.</summary>
    struct ProductJob(float* input, int rows, PackedMatrix matrix, float* output, int outputStride)
    {
        // A task must be worth its hand-over: about 64 KB of weights.
        const long TaskBytes = 64 * 1024;

        public float* Input = input;
        public int Rows = rows;
        public PanelView Matrix = matrix.View;
        public TileFinish Finish = matrix.Finish();
        public float* Output = output;
        public int OutputStride = outputStride;
        public bool Gelu;
        public int PanelsPerTask;

        public int Tasks(int threads)
        {
            var share = (Matrix.Panels + threads - 1) / threads;
            PanelsPerTask = (int)Math.Clamp(TaskBytes / Matrix.PanelBytes, 1, share);
            return (Matrix.Panels + PanelsPerTask - 1) / PanelsPerTask;
        }
    }
}
