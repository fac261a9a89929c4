using SpeechEngine.Kernels;

namespace SpeechEngine.Model;

/// <summary>
/// The encoder: log-mel frames of one window → one vector per 20 ms.
/// <list type="number">
/// <item>two convolutions over time (kernel 3, the second with stride 2), each with GELU, then the positions are added;</item>
/// <item>per layer: norm, query/key/value — attention of every position over all others — projection, norm, MLP, both added to the running sum;</item>
/// <item>a last norm.</item>
/// </list>
/// Rows are independent except in attention, so a task takes a few rows through everything between two attentions: its values never
/// leave the cache, and threads meet three times per layer.
/// </summary>
sealed unsafe class AudioEncoder(ModelDimensions shape, WhisperWeights weights, WorkerPool pool)
{
    const int AttentionChunk = 5 * Attention.MaxRows;

    /// <summary>Encodes the window in <see cref="Scratch.Mel"/>; the result [1500, state] is left in <see cref="Scratch.Residual"/>.</summary>
    public void Encode(Scratch scratch, CancellationToken cancellation)
    {
        var positions = shape.AudioContext;
        var state = shape.AudioState;
        var job = new Job
        {
            State = state,
            Positions = positions,
            Heads = shape.AudioHeads,
            HeadSize = shape.AudioHeadSize,
            Residual = scratch.Residual.Floats,
            Normal = scratch.Normal.Floats,
            QueryKeyValue = scratch.QueryKeyValue.Floats,
            Keys = scratch.Keys.Floats,
            Values = scratch.Values.Floats,
            Hidden = scratch.Hidden.Floats,
            Scores = scratch.Scores.Floats,
            ScoreStride = scratch.ScoreStride,
        };

        // (1) A convolution over three frames is a product whose rows overlap: row t starts at frame t-1 and spans three frames.
        Convolve(&job, weights.Conv1, scratch.Mel.Floats, shape.Mels, ModelDimensions.WindowFrames, scratch.ConvOutput.Floats + state);
        Convolve(&job, weights.Conv2, scratch.ConvOutput.Floats, 2 * state, positions, scratch.Residual.Floats);
        AddPositions(&job);

        // (2)
        for (var layer = 0; layer < shape.AudioLayers; layer++)
        {
            cancellation.ThrowIfCancellationRequested();
            var block = weights.EncoderBlocks[layer];
            job.SetBlock(block);
            pool.Run(Chunks(positions, Scratch.EncoderChunk), &ProjectQueryKeyValue, &job);
            pool.Run(shape.AudioHeads, &PackKeysAndValues, &job);
            pool.Run(shape.AudioHeads * Chunks(positions, AttentionChunk), &Attend, &job);
            pool.Run(Chunks(positions, Scratch.EncoderChunk), &FinishLayer, &job);
        }

        // (3)
        job.Norm1 = weights.EncoderNorm.Gain.Floats;
        job.Norm1Bias = weights.EncoderNorm.Bias.Floats;
        pool.Run(Chunks(positions, Scratch.EncoderChunk), &NormaliseInPlace, &job);
    }

    /// <summary>Fills a decoder's cross-attention cache with the keys and values of the encoded window.</summary>
    public void FillCross(Scratch scratch, KeyValueCache cache, CancellationToken cancellation)
    {
        var state = shape.TextState;
        var halves = scratch.HalfRow.Halves;
        for (var layer = 0; layer < shape.TextLayers; layer++)
        {
            cancellation.ThrowIfCancellationRequested();
            var matrix = weights.DecoderBlocks[layer].Cross!.KeyValue;
            var head = cache.Head(layer, 0);
            var (keyDistance, valueDistance) = cache.HeadDistance;
            var job = new CrossJob
            {
                Input = scratch.Residual.Floats,
                Positions = shape.AudioContext,
                State = state,
                Heads = shape.TextHeads,
                Matrix = matrix.View,
                Finish = matrix.Finish(),
                Rows = scratch.Hidden.Floats,
                Halves = halves,
                First = head,
                KeyDistance = keyDistance,
                ValueDistance = valueDistance,
            };
            pool.Run(Chunks(shape.AudioContext, Scratch.EncoderChunk), &FillCrossRows, &job);
        }
    }

    void Convolve(Job* job, PackedMatrix kernel, float* input, int inputStride, int rows, float* output)
    {
        job->Matrix1 = kernel.View;
        job->Finish1 = kernel.Finish();
        job->ConvInput = input;
        job->ConvStride = inputStride;
        job->ConvOutput = output;
        job->ConvRows = rows;
        pool.Run(Chunks(rows, Scratch.EncoderChunk), &ConvolveRows, job);
    }

    void AddPositions(Job* job)
    {
        var positions = weights.EncoderPositions.Floats;
        var count = (long)job->Positions * job->State;
        for (long i = 0; i < count; i++)
        {
            job->Residual[i] += positions[i];
        }
    }

    static int Chunks(int rows, int size) => (rows + size - 1) / size;

    static void ConvolveRows(void* context, int task, int worker)
    {
        var job = (Job*)context;
        var first = task * Scratch.EncoderChunk;
        var rows = Math.Min(Scratch.EncoderChunk, job->ConvRows - first);
        var output = job->ConvOutput + ((long)first * job->State);
        MatMul.Compute(job->ConvInput + ((long)first * job->ConvStride), job->ConvStride, rows, in job->Matrix1, in job->Finish1, output, job->State);
        Gelu.Compute(output, rows * job->State);
    }

    static void ProjectQueryKeyValue(void* context, int task, int worker)
    {
        var job = (Job*)context;
        var (first, rows) = job->RowsOf(task);
        var normal = job->Normal + (first * job->State);
        Normalise(job, first, rows, job->Norm1, job->Norm1Bias, job->Normal);
        BlockRounding.Apply(in job->Matrix1, normal, job->State, rows);
        MatMul.Compute(normal, job->State, rows, in job->Matrix1, in job->Finish1, job->QueryKeyValue + (first * 3 * job->State), 3 * job->State);
    }

    /// <summary>Lays keys and values of one head out for <see cref="Attention"/>.</summary>
    static void PackKeysAndValues(void* context, int head, int worker)
    {
        var job = (Job*)context;
        var size = job->HeadSize;
        var keys = job->Keys + ((long)head * Panel.Padded(job->Positions) * size);
        var values = job->Values + ((long)head * job->Positions * size);
        for (var position = 0; position < job->Positions; position++)
        {
            var key = job->QueryKeyValue + ((long)position * 3 * job->State) + job->State + (head * size);
            var panel = keys + (position / Panel.Columns * size * Panel.Columns) + (position % Panel.Columns);
            for (var i = 0; i < size; i++)
            {
                panel[i * Panel.Columns] = key[i];
            }

            new Span<float>(key + job->State, size).CopyTo(new Span<float>(values + ((long)position * size), size));
        }
    }

    static void Attend(void* context, int task, int worker)
    {
        var job = (Job*)context;
        var chunks = Chunks(job->Positions, AttentionChunk);
        var (head, chunk) = Math.DivRem(task, chunks);
        var size = job->HeadSize;
        var memory = new HeadMemory
        {
            Format = PanelFormat.Float,
            Keys = (byte*)(job->Keys + ((long)head * Panel.Padded(job->Positions) * size)),
            Values = (byte*)(job->Values + ((long)head * job->Positions * size)),
            HeadSize = size,
        };
        var scores = job->Scores + ((long)worker * Attention.MaxRows * job->ScoreStride);
        var end = Math.Min((chunk + 1) * AttentionChunk, job->Positions);
        for (var row = chunk * AttentionChunk; row < end; row += Attention.MaxRows)
        {
            Attention.Compute(
                job->QueryKeyValue + ((long)row * 3 * job->State) + (head * size), 3 * job->State, Math.Min(Attention.MaxRows, end - row),
                in memory, job->Positions, scores, job->ScoreStride, job->Normal + ((long)row * job->State) + (head * size), job->State);
        }
    }

    static void FinishLayer(void* context, int task, int worker)
    {
        var job = (Job*)context;
        var (first, rows) = job->RowsOf(task);
        var residual = job->Residual + (first * job->State);
        var normal = job->Normal + (first * job->State);
        var hidden = job->Hidden + ((long)worker * Scratch.EncoderChunk * 4 * job->State);
        BlockRounding.Apply(in job->Matrix2, normal, job->State, rows);
        MatMul.Compute(normal, job->State, rows, in job->Matrix2, in job->Finish2, residual, job->State);
        Normalise(job, first, rows, job->Norm2, job->Norm2Bias, job->Normal);
        BlockRounding.Apply(in job->Matrix3, normal, job->State, rows);
        MatMul.Compute(normal, job->State, rows, in job->Matrix3, in job->Finish3, hidden, 4 * job->State);
        Gelu.Compute(hidden, rows * 4 * job->State);
        BlockRounding.Apply(in job->Matrix4, hidden, 4 * job->State, rows);
        MatMul.Compute(hidden, 4 * job->State, rows, in job->Matrix4, in job->Finish4, residual, job->State);
    }

    static void NormaliseInPlace(void* context, int task, int worker)
    {
        var job = (Job*)context;
        var (first, rows) = job->RowsOf(task);
        Normalise(job, first, rows, job->Norm1, job->Norm1Bias, job->Residual);
    }

    static void Normalise(Job* job, long first, int rows, float* gain, float* bias, float* output)
    {
        for (var row = first; row < first + rows; row++)
        {
            LayerNorm.Compute(job->Residual + (row * job->State), gain, bias, job->State, output + (row * job->State));
        }
    }

    static void FillCrossRows(void* context, int task, int worker)
    {
        var job = (CrossJob*)context;
        var first = task * Scratch.EncoderChunk;
        var rows = Math.Min(Scratch.EncoderChunk, job->Positions - first);
        var output = job->Rows + ((long)worker * Scratch.EncoderChunk * 4 * job->State);
        var halves = job->Halves + ((long)worker * 2 * job->State);
        var input = output + ((long)Scratch.EncoderChunk * 2 * job->State);
        new Span<float>(job->Input + ((long)first * job->State), rows * job->State).CopyTo(new Span<float>(input, rows * job->State));
        BlockRounding.Apply(in job->Matrix, input, job->State, rows);
        MatMul.Compute(input, job->State, rows, in job->Matrix, in job->Finish, output, 2 * job->State);
        for (var row = 0; row < rows; row++)
        {
            HalfBits.Convert(output + ((long)row * 2 * job->State), 2 * job->State, halves);
            KeyValueCache.Store(in job->First, job->KeyDistance, job->ValueDistance, job->Heads, first + row, halves, halves + job->State);
        }
    }

    struct Job
    {
        public int State;
        public int Positions;
        public int Heads;
        public int HeadSize;
        public float* Residual;
        public float* Normal;
        public float* QueryKeyValue;
        public float* Keys;
        public float* Values;
        public float* Hidden;
        public float* Scores;
        public int ScoreStride;
        public float* ConvInput;
        public int ConvStride;
        public float* ConvOutput;
        public int ConvRows;
        public float* Norm1;
        public float* Norm1Bias;
        public float* Norm2;
        public float* Norm2Bias;
        public PanelView Matrix1;
        public PanelView Matrix2;
        public PanelView Matrix3;
        public PanelView Matrix4;
        public TileFinish Finish1;
        public TileFinish Finish2;
        public TileFinish Finish3;
        public TileFinish Finish4;

        public void SetBlock(BlockWeights block)
        {
            Norm1 = block.AttentionNorm.Gain.Floats;
            Norm1Bias = block.AttentionNorm.Bias.Floats;
            Norm2 = block.MlpNorm.Gain.Floats;
            Norm2Bias = block.MlpNorm.Bias.Floats;
            (Matrix1, Finish1) = (block.QueryKeyValue.View, block.QueryKeyValue.Finish());
            (Matrix2, Finish2) = (block.AttentionOut.View, block.AttentionOut.Finish(accumulate: true));
            (Matrix3, Finish3) = (block.MlpUp.View, block.MlpUp.Finish());
            (Matrix4, Finish4) = (block.MlpDown.View, block.MlpDown.Finish(accumulate: true));
        }

        public readonly (long First, int Rows) RowsOf(int task)
        {
            var first = task * Scratch.EncoderChunk;
            return (first, Math.Min(Scratch.EncoderChunk, Positions - first));
        }
    }

    struct CrossJob
    {
        public float* Input;
        public int Positions;
        public int State;
        public int Heads;
        public PanelView Matrix;
        public TileFinish Finish;
        public float* Rows;
        public ushort* Halves;
        public HeadMemory First;
        public long KeyDistance;
        public long ValueDistance;
    }
}
