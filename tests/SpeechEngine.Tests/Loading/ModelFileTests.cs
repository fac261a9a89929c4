using SpeechEngine.Loading;

namespace SpeechEngine.Tests.Loading;

public sealed class ModelFileTests
{
    const int HeaderBytes = 48;

    [Fact]
    public void A_sound_file_loads()
    {
        using var file = new TempFile(new ModelWriter().Write());
        using var model = ModelFile.Open(file.Path);

        Assert.Equal(ModelWriter.TinyShape, model.Dimensions);
        Assert.Equal(ModelWriter.TensorCount(ModelWriter.TinyShape), model.Tensors.Count);
        Assert.Equal(300, model.Tokens.Length);
        Assert.Equal("<299>"u8.ToArray(), model.Tokens[299]);
        using var weights = WeightReader.Read(model);
        Assert.Equal(64 * 3, weights.EncoderBlocks[0].QueryKeyValue.Outputs);
    }

    /// <summary>Each damage and a phrase of what the message must say about it.</summary>
    public static TheoryData<string, string> Damages => new()
    {
        { "empty", "has 0 bytes" },
        { "three bytes", "has 3 bytes" },
        { "magic", "byte 0 holds" },
        { "text", "byte 0 holds" },
        { "gguf", "byte 0 holds" },
        { "header cut", "in the middle of" },
        { "vocabulary size", "n_vocab at byte 4 is 51900" },
        { "audio context", "n_audio_ctx at byte 8 is 750" },
        { "audio state zero", "n_audio_state at byte 12 is 0" },
        { "negative heads", "n_audio_head at byte 16 is -3" },
        { "layers", "n_audio_layer at byte 20 is 2000000000" },
        { "text context", "n_text_ctx at byte 24 is 16" },
        { "heads do not divide", "does not divide" },
        { "states differ", "differ in width" },
        { "mels differ", "mel filters" },
        { "filters cut", "the mel filters" },
        { "too many tokens", "the vocabulary's size" },
        { "token length", "length of token 0" },
        { "token cut", "in the middle of token" },
        { "no tensors but large", "too many to make up" },
        { "tensor dimensions", "the dimensions of the tensor" },
        { "tensor name length", "the name length" },
        { "tensor type", "type 15; supported are f32, f16, q4_0" },
        { "superblocks do not fit", "is q4_K with rows of 64 values; that type needs a multiple of 256" },
        { "tensor size", "claims" },
        { "tensor negative", "dimension 0 of the tensor" },
        { "tensor cut", "Is the download complete?" },
        { "tensor record cut", "in the middle of" },
        { "tensor missing", "lacks the tensor decoder.ln.bias" },
        { "tensor unknown", "tensor decoder.extra.weight is not part" },
        { "tensor twice", "appears twice" },
        { "tensor shape", "should have the shape" },
        { "bias type", "should be f32" },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public void A_damaged_file_is_refused_with_what_is_wrong_and_where(string damage, string message)
    {
        using var file = new TempFile(Damaged(damage));

        var error = Assert.Throws<InvalidModelException>(() => Load(file.Path));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains(file.Path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_refused() =>
        Assert.Contains("cannot be read", Assert.Throws<InvalidModelException>(() => Load("/nowhere/model.bin")).Message, StringComparison.Ordinal);

    [Fact]
    public void Every_truncation_is_refused()
    {
        var sound = new ModelWriter().Write();
        var random = new Random(3);
        for (var round = 0; round < 60; round++)
        {
            using var file = new TempFile(sound[..random.Next(sound.Length)]);
            Assert.Throws<InvalidModelException>(() => Load(file.Path));
        }
    }

    [Fact]
    public void Flipped_bytes_are_refused_or_harmless_and_never_allocate_more_than_the_file_is_worth()
    {
        var sound = new ModelWriter().Write();
        var random = new Random(4);
        for (var round = 0; round < 150; round++)
        {
            var bytes = sound.ToArray();

            // Half of the damage goes to the header and the vocabulary, where numbers mean something.
            var limit = round % 2 == 0 ? 20_000 : bytes.Length;
            for (var i = 0; i < 4; i++)
            {
                bytes[random.Next(limit)] = (byte)random.Next(256);
            }

            using var file = new TempFile(bytes);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Load(file.Path);
            }
            catch (InvalidModelException)
            {
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20_000_000);
        }
    }

    static void Load(string path)
    {
        using var file = ModelFile.Open(path);
        using var weights = WeightReader.Read(file);
    }

    static byte[] Damaged(string damage)
    {
        var shape = ModelWriter.TinyShape;
        var filterBytes = shape.Mels * 201 * 4;
        var tokens = HeaderBytes + 8 + filterBytes;
        return damage switch
        {
            "empty" => [],
            "three bytes" => [0x6c, 0x6d, 0x67],
            "magic" => With(0, 0x12345678),
            "text" => "This is a text file, not a model.\n"u8.ToArray(),
            "gguf" => [.. "GGUF"u8, .. new byte[100]],
            "header cut" => new ModelWriter().Write()[..30],
            "vocabulary size" => With(4, 51900),
            "audio context" => With(8, 750),
            "audio state zero" => With(12, 0),
            "negative heads" => With(16, -3),
            "layers" => With(20, 2_000_000_000),
            "text context" => With(24, 16),
            "heads do not divide" => With(16, 3),
            "states differ" => With(28, 128),
            "mels differ" => With(HeaderBytes, 9),
            "filters cut" => new ModelWriter().Write()[..(tokens - 100)],
            "too many tokens" => With(tokens, 60_000),
            "token length" => With(tokens + 4, 1_000_000_000),
            "token cut" => new ModelWriter().Write()[..(tokens + 8)],
            "no tensors but large" => new ModelWriter { WithoutTensors = true, Shape = shape with { AudioState = 4096, TextState = 4096, AudioHeads = 64, TextHeads = 64, AudioLayers = 32, TextLayers = 32 } }.Write(),
            "tensor dimensions" => WithoutTensorsPlus(7, 3, 0),
            "tensor name length" => WithoutTensorsPlus(1, 5000, 0, 4),
            "tensor type" => Edited("encoder.blocks.0.attn.out.weight", record => record with { Type = 15 }),
            "superblocks do not fit" => Edited("encoder.blocks.0.attn.out.weight", record => record with { Type = (int)TensorType.Q4_K }),
            "tensor size" => Edited("encoder.blocks.0.attn.out.weight", record => record with { Dimensions = [2_000_000_000, 2_000_000_000] }),
            "tensor negative" => Edited("encoder.blocks.0.attn.out.weight", record => record with { Dimensions = [-64, 64] }),
            "tensor cut" => new ModelWriter().Write()[..^7],
            "tensor record cut" => [.. new ModelWriter().Write(), 1, 0],
            "tensor missing" => Edited("decoder.ln.bias", _ => null),
            "tensor unknown" => Edited("decoder.ln.bias", record => record with { Name = "decoder.extra.weight" }, keep: true),
            "tensor twice" => Edited("decoder.ln.bias", record => record with { Name = "decoder.ln.weight" }),
            "tensor shape" => Edited("encoder.blocks.0.mlp.0.weight", record => record with { Dimensions = [256, 64] }),
            "bias type" => Edited("decoder.ln.bias", record => record with { Type = (int)TensorType.F16, Data = record.Data[..(record.Data.Length / 2)] }),
            _ => throw new ArgumentOutOfRangeException(nameof(damage)),
        };
    }

    static byte[] With(int offset, int value)
    {
        var bytes = new ModelWriter().Write();
        BitConverter.TryWriteBytes(bytes.AsSpan(offset), value);
        return bytes;
    }

    static byte[] WithoutTensorsPlus(params int[] numbers) =>
        [.. new ModelWriter { WithoutTensors = true }.Write(), .. numbers.SelectMany(BitConverter.GetBytes)];

    static byte[] Edited(string name, Func<TensorRecord, TensorRecord?> edit, bool keep = false)
    {
        var writer = new ModelWriter { Edit = record => record.Name == name ? edit(record) : record };
        var bytes = writer.Write();
        if (!keep)
        {
            return bytes;
        }

        // The renamed tensor comes in addition to the original one, written once more at the end.
        var original = new ModelWriter().Write();
        var renamed = new ModelWriter { Edit = record => record.Name == name ? edit(record) : null }.Write();
        var bare = new ModelWriter { WithoutTensors = true }.Write();
        return [.. original, .. renamed[bare.Length..]];
    }
}
