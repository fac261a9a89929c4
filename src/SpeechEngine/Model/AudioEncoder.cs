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
            HeadSize = shape.AudioHeadSize,
            Residual = scratch.Residual.Floats,
            Normal = scratch.Normal.Floats,
            QueryKeyValue = scratch.QueryKeyValue.Floats,
            Memory = LayerMemory.Of(PanelFormat.Float, scratch.Keys.Data, scratch.Values.Data, shape.AudioHeads, shape.AudioHeadSize, positions),
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
            var job = new CrossJob
            {
                Input = scratch.Residual.Floats,
                Positions = shape.AudioContext,
                State = state,
                Product = new Factor(matrix),
                Rows = scratch.Hidden.Floats,
                Halves = halves,
                Memory = cache.Layer(layer),
            };
            pool.Run(Chunks(shape.AudioContext, Scratch.EncoderChunk), &FillCrossRows, &job);
        }
    }

    void Convolve(Job* job, PackedMatrix kernel, float* input, int inputStride, int rows, float* output)
    {
        job->ConvKernel = new Factor(kernel);
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
        MatMul.Compute(job->ConvInput + ((long)first * job->ConvStride), job->ConvStride, rows, in job->ConvKernel.Panels, in job->ConvKernel.Finish, output, job->State);
        Gelu.Compute(output, rows * job->State);
    }

    static void ProjectQueryKeyValue(void* context, int task, int worker)
    {
        var job = (Job*)context;
        var (first, rows) = job->RowsOf(task);
        var normal = job->Normal + (first * job->State);
        Normalise(job, first, rows, job->Norm1, job->Norm1Bias, job->Normal);
        Multiply(normal, rows, in job->QueryKeyValueWeights, job->QueryKeyValue + (first * 3 * job->State), 3 * job->State);
    }

    /// <summary>Lays keys and values of one head out for <see cref="Attention"/>.</summary>
    static void PackKeysAndValues(void* context, int head, int worker)
    {
        var job = (Job*)context;
        var memory = job->Memory.Head(head);
        for (var position = 0; position < job->Positions; position++)
        {
            var key = job->QueryKeyValue + ((long)position * 3 * job->State) + job->State + (head * job->HeadSize);
            memory.Store(position, key, key + job->State);
        }
    }

    static void Attend(void* context, int task, int worker)
    {
        var job = (Job*)context;
        var chunks = Chunks(job->Positions, AttentionChunk);
        var (head, chunk) = Math.DivRem(task, chunks);
        var size = job->HeadSize;
        var memory = job->Memory.Head(head);
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
        Multiply(normal, rows, in job->AttentionOut, residual, job->State);
        Normalise(job, first, rows, job->Norm2, job->Norm2Bias, job->Normal);
        Multiply(normal, rows, in job->MlpUp, hidden, 4 * job->State);
        Gelu.Compute(hidden, rows * 4 * job->State);
        Multiply(hidden, rows, in job->MlpDown, residual, job->State);
    }

    /// <summary>Rows of activations without gaps times a weight matrix; quantised weights round the activations first, in place.</summary>
    static void Multiply(float* input, int rows, in Factor factor, float* output, int outputStride)
    {
        BlockRounding.Apply(in factor.Panels, input, factor.Panels.Inputs, rows);
        MatMul.Compute(input, factor.Panels.Inputs, rows, in factor.Panels, in factor.Finish, output, outputStride);
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
        Multiply(input, rows, in job->Product, output, 2 * job->State);
        for (var row = 0; row < rows; row++)
        {
            HalfBits.Convert(output + ((long)row * 2 * job->State), 2 * job->State, halves);
            job->Memory.Store(first + row, halves, halves + job->State);
        }
    }

    struct Job
    {
        public int State;
        public int Positions;
        public int HeadSize;
        public float* Residual;
        public float* Normal;
        public float* QueryKeyValue;
        public LayerMemory Memory;
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
        public Factor ConvKernel;
        public Factor QueryKeyValueWeights;
        public Factor AttentionOut;
        public Factor MlpUp;
        public Factor MlpDown;

        public void SetBlock(BlockWeights block)
        {
            Norm1 = block.AttentionNorm.Gain.Floats;
            Norm1Bias = block.AttentionNorm.Bias.Floats;
            Norm2 = block.MlpNorm.Gain.Floats;
            Norm2Bias = block.MlpNorm.Bias.Floats;
            QueryKeyValueWeights = new Factor(block.QueryKeyValue);
            AttentionOut = new Factor(block.AttentionOut, accumulate: true);
            MlpUp = new Factor(block.MlpUp);
            MlpDown = new Factor(block.MlpDown, accumulate: true);
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
        public Factor Product;
        public float* Rows;
        public ushort* Halves;
        public LayerMemory Memory;
    }

    /// <summary>A weight matrix as the right side of a product: panels, and what happens at the end of a sum.</summary>
    struct Factor(PackedMatrix matrix, bool accumulate = false)
    {
        public PanelView Panels = matrix.View;
        public TileFinish Finish = matrix.Finish(accumulate);
    }
}
