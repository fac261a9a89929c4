using System.Security.Cryptography;
using SpeechEngine.Loading;
using SpeechEngine.Quantising;
using SpeechEngine.Tests.Loading;

namespace SpeechEngine.Tests.Quantising;

public sealed class ModelQuantiserTests : IDisposable
{
    const string Matrix = "encoder.blocks.0.attn.out.weight";

    readonly string _folder = Directory.CreateTempSubdirectory("quantiser-test-").FullName;

    string Source => Path.Combine(_folder, "source.bin");

    string Target => Path.Combine(_folder, "target.bin");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("Q8_0")]
    [InlineData("Q5_1")]
    [InlineData("Q5_0")]
    [InlineData("Q4_1")]
    [InlineData("Q4_0")]
    public void The_demo_model_becomes_the_file_that_whisper_cpp_makes(string typeName)
    {
        var type = Enum.Parse<TensorType>(typeName);
        var name = $"ggml-demo-{type.Name()}.bin";
        var expected = File.ReadLines(TestFiles.Shared("demo-model", "hashes.txt")).Single(line => line.EndsWith(name, StringComparison.Ordinal)).Split(' ')[0];

        Quantise(type, TestFiles.Shared("demo-model", "models", "ggml-demo-f16.bin"));

        using var result = File.OpenRead(Target);
        Assert.Equal(expected, Convert.ToHexStringLower(SHA256.HashData(result)));
        AssertFiles("target.bin");
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void The_result_transcribes()
    {
        Quantise(TensorType.Q5_0, TestFiles.Shared("demo-model", "models", "ggml-demo-f16.bin"));
        using var engine = SpeechToText.Load(Target, new EngineSettings());
        using var audio = Recording.Read(TestFiles.Data("clips", "en-01.wav"));

        var segments = engine.Transcribe(audio, new TranscribeOptions { Language = "en" }, null, CancellationToken.None).SelectMany(window => window.Segments);

        Assert.Equal(Reference.ReferenceTranscripts.Truth()["en-01.wav"].Text, string.Concat(segments.Select(segment => segment.Text)).Trim());
    }

    [Theory]
    [InlineData("F16", "Q8_0", 2007)]
    [InlineData("F16", "Q4_0", 2002)]
    [InlineData("F32", "Q5_1", 2009)]
    [InlineData("F32", "Q5_0", 2008)]
    [InlineData("F32", "Q4_1", 2003)]
    public unsafe void Matrices_are_quantised_convolutions_are_f16_and_the_rest_is_kept(string from, string to, int fileType)
    {
        var type = Enum.Parse<TensorType>(to);
        WriteSource(new ModelWriter { LinearType = Enum.Parse<TensorType>(from) });

        Quantise(type);

        using var source = ModelFile.Open(Source);
        using var target = ModelFile.Open(Target);
        var front = source.Bytes(0, source.Tensors["encoder.positional_embedding"].Start).ToArray();
        BitConverter.TryWriteBytes(front.AsSpan(44), fileType);
        Assert.Equal(front, target.Bytes(0, front.Length).ToArray());
        Assert.Equal(source.Tensors.Keys, target.Tensors.Keys);
        foreach (var before in source.Tensors.Values)
        {
            var after = target.Tensors[before.Name];
            Assert.Equal((before.Dimensions, before.Columns, before.Rows, before.Planes), (after.Dimensions, after.Columns, after.Rows, after.Planes));
            var isMatrix = before.Name.EndsWith(".weight", StringComparison.Ordinal) && before.Rows > 1;
            var isConvolution = before.Planes > 1;
            Assert.Equal(isConvolution ? TensorType.F16 : isMatrix ? type : TensorType.F32, after.Type);
            if (isConvolution && before.Type == TensorType.F32)
            {
                Assert.Equal(Halves(source, before), target.Bytes(after.Offset, after.Offset + after.Bytes).ToArray());
            }
            else if (!isMatrix || isConvolution)
            {
                Assert.Equal(source.Bytes(before.Offset, before.Offset + before.Bytes).ToArray(), target.Bytes(after.Offset, after.Offset + after.Bytes).ToArray());
            }
        }

        // The largest step of 4 bits over values between -0.15 and 0.15 is 0.02.
        using var exact = WeightReader.Read(source);
        using var rounded = WeightReader.Read(target);
        var (row, close) = (new float[64], new float[64]);
        foreach (var token in new[] { 0, 777, 51864 })
        {
            fixed (float* p = row, q = close)
            {
                exact.TokenEmbedding.CopyColumn(token, p);
                rounded.TokenEmbedding.CopyColumn(token, q);
            }

            Assert.All(row.Zip(close), pair => Assert.Equal(pair.First, pair.Second, 0.021f));
            Assert.NotEqual(row, close);
        }
    }

    [Fact]
    public async Task One_thread_writes_what_many_write()
    {
        WriteSource(new ModelWriter());
        Quantise(TensorType.Q5_1);
        var many = await File.ReadAllBytesAsync(Target, CancellationToken.None);

        var single = new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, 1).ConcurrentScheduler;
        await Task.Factory.StartNew(
            () => Quantise(TensorType.Q5_1, replace: true),
            CancellationToken.None, TaskCreationOptions.None, single);

        Assert.Equal(many, await File.ReadAllBytesAsync(Target, CancellationToken.None));
    }

    [Fact]
    public void Progress_rises_to_one()
    {
        WriteSource(new ModelWriter());
        var progress = new Shares();

        ModelQuantiser.Quantise(Source, Target, TensorType.Q8_0, replace: false, progress, CancellationToken.None);

        Assert.Equal(ModelWriter.TensorCount(ModelWriter.TinyShape), progress.Reported.Count);
        Assert.Equal(progress.Reported.Order(), progress.Reported);
        Assert.Equal(1.0, progress.Reported[^1]);
    }

    [Theory]
    [InlineData("quantised", "already quantised")]
    [InlineData("k-quantised", "already quantised")]
    [InlineData("no weights", "no weights to quantise")]
    [InlineData("damaged", "Is the download complete?")]
    [InlineData("rows of 16", Matrix + " has rows of 16 values; q5_0 needs a multiple of 32")]
    [InlineData("NaN in a matrix", Matrix + " has values that are not numbers")]
    [InlineData("infinity in a bias", "decoder.ln.bias has values that are not numbers")]
    [InlineData("convolution beyond f16", "encoder.conv2.weight has values that are not numbers or too large for f16")]
    public void What_cannot_be_quantised_is_refused_and_leaves_nothing(string problem, string message)
    {
        var bytes = problem switch
        {
            "quantised" => new ModelWriter { LinearType = TensorType.Q8_0 }.Write(),
            "k-quantised" => new ModelWriter { LinearType = TensorType.Q4_K, Shape = ModelWriter.TinyShape with { AudioState = 256, TextState = 256 } }.Write(),
            "no weights" => new ModelWriter { WithoutTensors = true }.Write(),
            "damaged" => new ModelWriter().Write()[..^100],
            "rows of 16" => new ModelWriter { Edit = record => record.Name == Matrix ? record with { Dimensions = [16, 256] } : record }.Write(),
            "NaN in a matrix" => With(Matrix, TensorType.F16, BitConverter.GetBytes(Half.NaN)),
            "infinity in a bias" => With("decoder.ln.bias", TensorType.F16, BitConverter.GetBytes(float.PositiveInfinity)),
            _ => With("encoder.conv2.weight", TensorType.F32, BitConverter.GetBytes(1e6f)),
        };
        File.WriteAllBytes(Source, bytes);

        var error = Assert.Throws<InvalidModelException>(() => Quantise(TensorType.Q5_0));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains(Source, error.Message, StringComparison.Ordinal);
        AssertFiles("source.bin");
    }

    [Fact]
    public void A_target_that_is_there_stays_unless_it_may_be_replaced()
    {
        WriteSource(new ModelWriter());
        File.WriteAllText(Target, "precious");

        Assert.Contains("there already", Assert.Throws<IOException>(() => Quantise(TensorType.Q5_0)).Message, StringComparison.Ordinal);
        Assert.Equal("precious", File.ReadAllText(Target));

        Quantise(TensorType.Q5_0, replace: true);
        ModelFile.Open(Target).Dispose();
        AssertFiles("source.bin", "target.bin");
    }

    [Fact]
    public void The_source_is_never_its_own_target()
    {
        WriteSource(new ModelWriter());
        var before = File.ReadAllBytes(Source);

        Assert.Throws<IOException>(() => ModelQuantiser.Quantise(Source, Path.Combine(_folder, ".", "source.bin"), TensorType.Q5_0, replace: true, progress: null, CancellationToken.None));

        Assert.Equal(before, File.ReadAllBytes(Source));
    }

    [Fact]
    public void Stopping_leaves_nothing()
    {
        WriteSource(new ModelWriter());
        using var stop = new CancellationTokenSource();

        Assert.Throws<OperationCanceledException>(() =>
            ModelQuantiser.Quantise(Source, Target, TensorType.Q5_0, replace: false, new Shares { OnReport = stop.Cancel }, stop.Token));

        AssertFiles("source.bin");
    }

    [Theory]
    [InlineData("F16")]
    [InlineData("Q4_K")]
    public void Other_types_are_the_callers_mistake(string type) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Quantise(Enum.Parse<TensorType>(type)));

    void Quantise(TensorType type, string? source = null, bool replace = false) =>
        ModelQuantiser.Quantise(source ?? Source, Target, type, replace, progress: null, CancellationToken.None);

    void WriteSource(ModelWriter writer) => File.WriteAllBytes(Source, writer.Write());

    void AssertFiles(params string[] names) => Assert.Equal(names, Directory.EnumerateFiles(_folder).Select(Path.GetFileName).Order());

    /// <summary>A sound file but for one value: the last of the named tensor.</summary>
    static byte[] With(string name, TensorType type, byte[] value) => new ModelWriter
    {
        LinearType = type,
        Edit = record =>
        {
            if (record.Name == name)
            {
                value.CopyTo(record.Data.AsSpan(record.Data.Length - value.Length));
            }

            return record;
        },
    }.Write();

    static unsafe byte[] Halves(ModelFile file, TensorEntry tensor) =>
        [.. Enumerable.Range(0, (int)tensor.Count).SelectMany(i => BitConverter.GetBytes((Half)((float*)file.DataOf(tensor))[i]))];

    sealed class Shares : IProgress<double>
    {
        public List<double> Reported { get; } = [];

        public Action OnReport { get; init; } = () => { };

        public void Report(double value)
        {
            Reported.Add(value);
            OnReport();
        }
    }
}
