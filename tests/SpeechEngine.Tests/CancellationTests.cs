using SpeechEngine.Audio;
using SpeechEngine.Decoding;
using SpeechEngine.Kernels;
using SpeechEngine.Loading;
using SpeechEngine.Model;
using SpeechEngine.Speech;
using SpeechEngine.Speech.Silero;
using SpeechEngine.Speech.Spectral;

namespace SpeechEngine.Tests;

/// <summary>Whoever gives up is heard within one layer of the encoder or one step of the decoder, wherever the work is, and leaves nothing behind.</summary>
public sealed class CancellationTests(ITestOutputHelper output) : IDisposable
{
    // A decoder layer is eight operations of the pool, an encoder layer four; all layers would be far more.
    const int OperationsOfOneLayer = 8;

    static readonly Dictionary<string, TranscribeOptions> Options = new()
    {
        ["greedy"] = new(),
        ["beams"] = new() { Language = "en", Prompt = "Alice takes the train.", Decoding = new() { BeamSize = 3 } },
        ["draws"] = new() { Language = "en", Decoding = new() { Temperature = 0.6f, BestOf = 3, TemperatureIncrement = 0.4f, LogProbabilityThreshold = 0 } },
        ["words"] = new() { Language = "en", WordTimestamps = true, DropInvented = false },
        ["only speech"] = new() { SpeechDetection = new() },
    };

    readonly WhisperModel _model = ModelLoader.Load(TestFiles.BundledModel);
    readonly WorkerPool _pool = new(2);
    readonly SpectralDetector _detector = new();

    public static TheoryData<string> Names => [.. Options.Keys];

    public void Dispose()
    {
        _detector.Dispose();
        _pool.Dispose();
        _model.Dispose();
    }

    [Theory]
    [MemberData(nameof(Names))]
    [Trait("Category", "Slow")]
    public void No_more_than_a_layer_follows_and_the_state_serves_the_next_call(string name)
    {
        const int Places = 10;
        using var state = new DecodingState(_model, _pool);
        using var audio = Recording.Join(("en-17.wav", 0.5));
        var operations = 0;
        _pool.Beginning = () => operations++;
        var expected = Text(Windows(state, audio, Options[name], CancellationToken.None));
        var all = operations;
        output.WriteLine($"{all} operations: {expected}");
        Assert.NotEqual("", expected);
        for (var place = 0; place < Places; place++)
        {
            // Close together where the encoder works, and from there on to the end.
            var last = 1 + (int)((long)(all - 2) * place * place / ((Places - 1) * (Places - 1)));
            Assert.InRange(OperationsAfter(state, audio, Options[name], last), 0, OperationsOfOneLayer - 1);
            Assert.Equal(expected, Text(Windows(state, audio, Options[name], CancellationToken.None)));
        }
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Every_operation_of_a_window_may_be_the_last()
    {
        using var state = new DecodingState(_model, _pool);
        using var audio = Recording.Join(("en-20.wav", 0));
        var options = Options["words"];
        var all = 0;
        _pool.Beginning = () => all++;
        _ = Windows(state, audio, options, CancellationToken.None);

        var most = Enumerable.Range(1, all - 1).Max(last => OperationsAfter(state, audio, options, last));

        Assert.InRange(most, 1, OperationsOfOneLayer - 1);
    }

    [Fact]
    public void The_search_for_the_loudest_moment_of_a_long_recording_ends_at_once()
    {
        using var state = new DecodingState(_model, _pool);
        using var audio = new PcmAudio(20 * 60 * PcmAudio.SampleRate);

        Assert.InRange(OperationsAfter(state, audio, Options["words"], last: 5), 0, 1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_speech_detector_does_not_go_through_hours_first(bool silero)
    {
        using ISpeechDetector detector = silero ? SileroDetector.Load(TestFiles.Shared("models", "silero-v6.2.0-ggml.bin")) : new SpectralDetector();
        using var clip = Recording.Read(TestFiles.Data("clips", "en-17.wav"));
        var expected = detector.Detect(clip.Samples, CancellationToken.None).Values;
        using var hours = new PcmAudio(3 * 3600 * PcmAudio.SampleRate);
        using var cancellation = new CancellationTokenSource();
        using var started = new ManualResetEventSlim();
        var canceller = new Thread(() =>
        {
            started.Wait();
            cancellation.Cancel();
        });
        canceller.Start();

        Assert.Throws<OperationCanceledException>(() =>
        {
            started.Set();
            _ = detector.Detect(hours.Samples, cancellation.Token);
        });

        canceller.Join();
        Assert.Equal(expected, detector.Detect(clip.Samples, CancellationToken.None).Values);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [Trait("Category", "Slow")]
    public void At_any_moment_another_thread_may_give_up(int seed)
    {
        using var engine = SpeechToText.Load(TestFiles.BundledModel, new EngineSettings { Threads = 2 });
        using var audio = Recording.Join(("en-17.wav", 0.5), ("en-02.wav", 0.5));
        var options = Options.Values.ToArray();
        var expected = options.Select(each => Text(engine.Transcribe(audio, each, null, CancellationToken.None))).ToArray();
        var random = new Random(seed);
        for (var run = 0; run < 6; run++)
        {
            var chosen = random.Next(options.Length);
            using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(random.Next(400)));

            Assert.Throws<OperationCanceledException>(() => AgainAndAgain(options[chosen], cancellation.Token));

            Assert.Equal(expected[chosen], Text(engine.Transcribe(audio, options[chosen], null, CancellationToken.None)));
        }

        void AgainAndAgain(TranscribeOptions chosen, CancellationToken cancellation)
        {
            while (true)
            {
                _ = Text(engine.Transcribe(audio, chosen, null, cancellation));
            }
        }
    }

    /// <summary>Operations that begin after the caller has given up at the beginning of operation <paramref name="last"/>, counted from 1.</summary>
    int OperationsAfter(DecodingState state, PcmAudio audio, TranscribeOptions options, int last)
    {
        using var cancellation = new CancellationTokenSource();
        var operations = 0;
        _pool.Beginning = () =>
        {
            operations++;
            if (operations == last)
            {
                cancellation.Cancel();
            }
        };

        // A window whose search has come to its end is still handed out.
        var stopped = Record.Exception(() => Windows(state, audio, options, cancellation.Token));
        _pool.Beginning = null;
        Assert.True(stopped is OperationCanceledException || (stopped is null && operations - last <= 1), $"after operation {last}: {stopped}");
        return operations - last;
    }

    List<WindowTranscript> Windows(DecodingState state, PcmAudio audio, TranscribeOptions options, CancellationToken cancellation)
    {
        using var transcription = new Transcription(state, _detector, audio, options, null);
        return [.. transcription.Windows(cancellation)];
    }

    static string Text(IEnumerable<WindowTranscript> windows) =>
        string.Join('|', windows.SelectMany(window => window.Segments).Select(segment => $"{segment.Start:c} {segment.Text} {segment.AverageLogProbability:R}"));
}
