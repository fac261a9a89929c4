using SpeechEngine.Audio;
using SpeechEngine.Loading;
using SpeechEngine.Model;
using SpeechEngine.Tests.Loading;
using SpeechEngine.Tests.Reference;

namespace SpeechEngine.Tests;

/// <summary>The engine from the outside: whole recordings through a loaded model.</summary>
public sealed class SpeechToTextTests
{
    const string Sentence = "en-02.wav";

    [Fact]
    public void A_sentence_is_heard_and_its_numbers_make_sense()
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings { Threads = 2 });
        using var audio = Recording.Read(TestFiles.Data("clips", Sentence));
        var expected = ReferenceTranscripts.Run("greedy-q8_0").Single(clip => clip.Clip == Sentence);

        var window = Assert.Single(engine.Transcribe(audio, new TranscribeOptions { Language = "en" }, null, CancellationToken.None));

        var segment = Assert.Single(window.Segments);
        Assert.Equal(expected.Text, segment.Text);
        Assert.Equal("en", window.Language);
        Assert.Equal(expected.Segments[0].Tokens.Select(token => token.Id), segment.Tokens);
        Assert.InRange(segment.AverageLogProbability, -0.5, -0.01);
        Assert.InRange(segment.NoSpeechProbability, 0, 0.3);
        Assert.InRange(segment.CompressionRatio, 0.3, 2);
        Assert.Equal(0, segment.Seek);
        Assert.True(segment.Start < segment.End);
        Assert.InRange(window.Position, TimeSpan.FromSeconds(audio.Duration.TotalSeconds - 0.02), audio.Duration);
    }

    [Fact]
    public void A_prompt_is_listened_to_and_does_not_break_the_answer()
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());
        var expected = ReferenceTranscripts.Run("prompt-alone-q8_0").Where(clip => clip.Clip.StartsWith("en-1", StringComparison.Ordinal)).ToList();
        var same = 0;
        foreach (var clip in expected)
        {
            using var audio = Recording.Read(TestFiles.Data("clips", clip.Clip));
            var options = new TranscribeOptions { Language = "en", Prompt = "Turn on the radio in the garage." };
            same += Text(engine.Transcribe(audio, options, null, CancellationToken.None)) == clip.Text ? 1 : 0;
        }

        Assert.InRange(same, expected.Count - 1, expected.Count);
    }

    [Fact]
    public void The_same_seed_draws_the_same_text()
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());
        using var audio = Recording.Read(TestFiles.Data("clips", "en-07.wav"));
        string Draw(int seed) => Text(engine.Transcribe(audio, new TranscribeOptions { Language = "en", Decoding = new DecodingOptions { Temperature = 1f, Seed = seed, BestOf = 1 } }, null, CancellationToken.None));

        Assert.Equal(Draw(1), Draw(1));
        Assert.True(Enumerable.Range(0, 12).Select(Draw).Distinct().Count() > 1);
    }

    [Fact]
    public void A_blank_prompt_is_no_prompt_and_the_least_temperature_is_none()
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());
        using var audio = Recording.Read(TestFiles.Data("clips", Sentence));
        var plain = new TranscribeOptions { Language = "en" };
        var expected = engine.Transcribe(audio, plain, null, CancellationToken.None).Single().Segments.Single();

        foreach (var options in new[] { plain with { Prompt = "" }, plain with { Prompt = "  " }, plain with { Decoding = new DecodingOptions { Temperature = 1e-38f } } })
        {
            var segment = engine.Transcribe(audio, options, null, CancellationToken.None).Single().Segments.Single();
            Assert.Equal((expected.Text, expected.AverageLogProbability), (segment.Text, segment.AverageLogProbability));
        }
    }

    [Fact]
    public void After_its_end_engine_and_audio_say_so()
    {
        var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());
        var audio = new PcmAudio(16_000 * 70);
        audio.Dispose();
        Assert.Throws<ObjectDisposedException>(() => engine.Transcribe(audio, new TranscribeOptions(), null, CancellationToken.None).ToList());

        using var silence = new PcmAudio(16_000 * 70);
        using var windows = engine.Transcribe(silence, new TranscribeOptions(), null, CancellationToken.None).GetEnumerator();
        Assert.True(windows.MoveNext());
        engine.Dispose();
        engine.Dispose();
        Assert.Throws<ObjectDisposedException>(() => windows.MoveNext());
        Assert.Throws<ObjectDisposedException>(() => engine.Transcribe(silence, new TranscribeOptions(), null, CancellationToken.None).ToList());
    }

    [Fact]
    public async Task Calls_at_the_same_time_give_what_they_give_alone()
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings { Threads = 2 });
        string Hear(string clip)
        {
            using var audio = Recording.Read(TestFiles.Data("clips", clip));
            return Text(engine.Transcribe(audio, new TranscribeOptions(), null, CancellationToken.None));
        }

        string[] clips = ["en-00.wav", "es-04.wav", "en-05.wav", "es-08.wav"];
        var alone = clips.Select(Hear).ToArray();
        var together = await Task.WhenAll(clips.Select(clip => Task.Run(() => Hear(clip))));

        Assert.Equal(alone, together);
    }

    [Fact]
    public void Cancellation_ends_the_work_and_the_engine_goes_on()
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());
        using var audio = new PcmAudio(16_000 * 100);
        using var cancellation = new CancellationTokenSource();
        var windows = 0;

        Assert.Throws<OperationCanceledException>(() =>
        {
            foreach (var window in engine.Transcribe(audio, new TranscribeOptions(), null, cancellation.Token))
            {
                windows++;
                cancellation.Cancel();
            }
        });

        Assert.Equal(1, windows);
        using var sentence = Recording.Read(TestFiles.Data("clips", Sentence));
        Assert.NotEmpty(Text(engine.Transcribe(sentence, new TranscribeOptions(), null, CancellationToken.None)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1600)]
    [InlineData(16_000)]
    [InlineData(480_000)]
    [InlineData(480_001)]
    public void Silence_of_any_length_comes_to_an_end(int samples)
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());
        using var audio = new PcmAudio(samples);

        var windows = engine.Transcribe(audio, new TranscribeOptions(), null, CancellationToken.None).ToList();

        Assert.InRange(windows.Count, samples > 3200 ? 1 : 0, 40);
        Assert.All(windows.Zip(windows.Skip(1)), pair => Assert.Equal(pair.First.Position, pair.Second.Start));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(1e30f)]
    public void Absurd_samples_do_no_harm(float value)
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());
        using var audio = new PcmAudio(32_000);
        audio.Samples[5000..9000].Fill(value);

        Assert.NotEmpty(engine.Transcribe(audio, new TranscribeOptions { Language = "en" }, null, CancellationToken.None));
    }

    [Fact]
    public void Weights_that_are_no_numbers_are_called_a_damaged_model()
    {
        var writer = new ModelWriter
        {
            Edit = record =>
            {
                if (record.Name == "decoder.ln.weight")
                {
                    BitConverter.TryWriteBytes(record.Data, float.NaN);
                }

                return record;
            },
        };
        using var file = new TempFile(writer.Write());
        using var engine = SpeechToText.Load(file.Path, new EngineSettings());
        using var audio = new PcmAudio(16_000);

        Assert.Throws<InvalidModelException>(() => engine.Transcribe(audio, new TranscribeOptions { Language = "en" }, null, CancellationToken.None).ToList());
    }

    [Theory]
    [InlineData("xx", SpeechTask.Transcribe, 0f)]
    [InlineData("yue", SpeechTask.Transcribe, 0f)]
    [InlineData(null, SpeechTask.Transcribe, 1.5f)]
    [InlineData(null, SpeechTask.Transcribe, float.NaN)]
    public void Options_that_do_not_fit_are_refused_before_any_work(string? language, SpeechTask task, float temperature)
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings());
        using var audio = new PcmAudio(16_000);

        Assert.Throws<ArgumentException>(() => engine.Transcribe(audio, new TranscribeOptions { Language = language, Task = task, Decoding = new DecodingOptions { Temperature = temperature } }, null, CancellationToken.None));
    }

    [Theory]
    [InlineData("no-weights-tiny.bin")]
    [InlineData("no-weights-base.en.bin")]
    [InlineData("no-weights-small.bin")]
    [Trait("Category", "Slow")]
    public void Files_without_tensors_run_to_the_end_and_say_nothing(string model)
    {
        using var engine = SpeechToText.Load(TestFiles.Shared("models", model), new EngineSettings());
        using var audio = Recording.Read(TestFiles.Shared("models", "jfk.wav"));

        var window = Assert.Single(engine.Transcribe(audio, new TranscribeOptions(), null, CancellationToken.None));

        Assert.Empty(window.Segments);
        Assert.Equal(TimeSpan.FromSeconds(10.99), window.Position);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void A_model_of_large_v3s_shape_runs_to_the_end()
    {
        var writer = new ModelWriter
        {
            WithoutTensors = true,
            Shape = new ModelDimensions
            {
                Vocabulary = 51866,
                AudioContext = 1500,
                AudioState = 1280,
                AudioHeads = 20,
                AudioLayers = 2,
                TextContext = 448,
                TextState = 1280,
                TextHeads = 20,
                TextLayers = 3,
                Mels = 128,
            },
        };
        using var file = new TempFile(writer.Write());
        using var engine = SpeechToText.Load(file.Path, new EngineSettings());
        using var audio = new PcmAudio(16_000 * 11);

        var window = Assert.Single(engine.Transcribe(audio, new TranscribeOptions(), null, CancellationToken.None));

        Assert.Empty(window.Segments);
        Assert.Equal(128, engine.Dimensions.Mels);
    }

    [Fact]
    public void Random_weights_of_every_type_run_to_the_end()
    {
        foreach (var type in new[] { "F32", "F16", "Q8_0", "Q5_0", "Q5_1", "Q4_0", "Q4_1" })
        {
            using var file = new TempFile(new ModelWriter { LinearType = Enum.Parse<TensorType>(type) }.Write());
            using var engine = SpeechToText.Load(file.Path, new EngineSettings());
            using var audio = new PcmAudio(16_000);

            Assert.NotEmpty(engine.Transcribe(audio, new TranscribeOptions { Language = "en" }, null, CancellationToken.None));
        }
    }

    static string Text(IEnumerable<WindowTranscript> windows) =>
        string.Concat(windows.SelectMany(window => window.Segments).Select(segment => segment.Text));
}
