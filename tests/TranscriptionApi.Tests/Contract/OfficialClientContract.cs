using System.ClientModel;
using System.ClientModel.Primitives;
using OpenAI;
using OpenAI.Audio;
using OpenAI.Models;

namespace TranscriptionApi.Tests.Contract;

/// <summary>
/// What OpenAI's .NET client must see, whatever engine answers. A class that inherits it says which engine, which audio
/// and which text; the tests run against a real socket.
/// </summary>
public abstract class OfficialClientContract : IAsyncLifetime
{
    const string Model = "whisper-1";

    TestApi _api = null!;
    Uri _endpoint = null!;

    /// <summary>Audio with speech.</summary>
    protected abstract byte[] Audio { get; }

    /// <summary>Length of the audio in seconds.</summary>
    protected abstract double Seconds { get; }

    /// <summary>What is said in it.</summary>
    protected abstract string Text { get; }

    /// <summary>Its words without punctuation; none when the engine has no word times.</summary>
    protected abstract IReadOnlyList<string> Words { get; }

    public async ValueTask InitializeAsync()
    {
        _api = CreateApi();
        _endpoint = new Uri(_api.StartOnSocket(), "/v1");
        using var ready = await _api.ReadyClientAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _api.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Default_format_gives_the_text()
    {
        AudioTranscription transcription = await TranscribeAsync(new AudioTranscriptionOptions());

        Assert.Equal(Text, transcription.Text);
        Assert.Empty(transcription.Segments);
        Assert.Empty(transcription.Words);
        Assert.Null(transcription.Duration);
    }

    [Fact]
    public async Task Verbose_format_gives_language_duration_and_segments()
    {
        AudioTranscription transcription = await TranscribeAsync(new AudioTranscriptionOptions
        {
            ResponseFormat = AudioTranscriptionFormat.Verbose,
            TimestampGranularities = AudioTimestampGranularities.Segment,
            Language = "en",
            Temperature = 0,
        });

        Assert.Equal(Text, transcription.Text);
        Assert.Equal("english", transcription.Language);
        Assert.Equal(Seconds, transcription.Duration!.Value.TotalSeconds, 2);
        Assert.NotEmpty(transcription.Segments);
        Assert.Equal(Text, string.Concat(transcription.Segments.Select(segment => segment.Text)).Trim());
        Assert.Empty(transcription.Words);
        var before = TimeSpan.Zero;
        Assert.All(transcription.Segments, (segment, index) =>
        {
            Assert.Equal(index, segment.Id);
            Assert.True(segment.StartTime >= before);
            Assert.True(segment.EndTime >= segment.StartTime);
            Assert.True(segment.TokenIds.Length > 0);
            Assert.True(Math.Abs(segment.AverageLogProbability) > 0.001);
            Assert.True(Math.Abs(segment.CompressionRatio) > 0.001);
            before = segment.EndTime;
        });
    }

    [Fact]
    public async Task Srt_comes_as_text()
    {
        AudioTranscription transcription = await TranscribeAsync(new AudioTranscriptionOptions { ResponseFormat = AudioTranscriptionFormat.Srt });

        Assert.Matches(@"\A1\n00:00:\d\d,\d\d\d --> 00:00:\d\d,\d\d\d\n.+\n\n", transcription.Text);
        Assert.EndsWith("\n\n\n", transcription.Text);
    }

    [Fact]
    public async Task Vtt_comes_as_text()
    {
        AudioTranscription transcription = await TranscribeAsync(new AudioTranscriptionOptions { ResponseFormat = AudioTranscriptionFormat.Vtt });

        Assert.Matches(@"\AWEBVTT\n\n00:00:\d\d\.\d\d\d --> 00:00:\d\d\.\d\d\d\n.+\n\n", transcription.Text);
    }

    [Fact]
    public async Task Plain_text_comes_as_text()
    {
        AudioTranscription transcription = await TranscribeAsync(new AudioTranscriptionOptions { ResponseFormat = new AudioTranscriptionFormat("text") });

        Assert.Equal(Text + "\n", transcription.Text);
    }

    [Fact]
    public async Task Translation_says_english()
    {
        using var audio = new MemoryStream(Audio);
        AudioTranslation translation = await Client(Model).TranslateAudioAsync(
            audio, "speech.wav", new AudioTranslationOptions { ResponseFormat = AudioTranslationFormat.Verbose }, TestContext.Current.CancellationToken);

        Assert.Equal("english", translation.Language);
        Assert.NotEmpty(translation.Text);
    }

    [Fact]
    public async Task Models_can_be_listed_and_asked_for()
    {
        var client = new OpenAIModelClient(new ApiKeyCredential("none"), Options());
        OpenAIModelCollection models = await client.GetModelsAsync(TestContext.Current.CancellationToken);
        Assert.Contains(models, model => model.Id == Model);

        OpenAIModel model = await client.GetModelAsync(Model, TestContext.Current.CancellationToken);
        Assert.Equal(Model, model.Id);

        var error = await Assert.ThrowsAsync<ClientResultException>(() => client.GetModelAsync("fake_id", TestContext.Current.CancellationToken));
        Assert.Equal(404, error.Status);
        Assert.Contains("The model 'fake_id' does not exist", error.Message);
    }

    [Fact]
    public async Task Unknown_model_is_reported_as_not_found()
    {
        var error = await Assert.ThrowsAsync<ClientResultException>(() => TranscribeAsync(new AudioTranscriptionOptions(), "no-such-model"));

        Assert.Equal(404, error.Status);
        Assert.Contains("The model `no-such-model` does not exist", error.Message);
        Assert.Contains("model_not_found", error.Message);
    }

    [Fact]
    public async Task Bad_language_is_reported_with_its_field()
    {
        var error = await Assert.ThrowsAsync<ClientResultException>(() => TranscribeAsync(new AudioTranscriptionOptions { Language = "this should cause an error" }));

        Assert.Equal(400, error.Status);
        Assert.Contains("invalid language", error.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Parameter: language", error.Message);
    }

    [Fact]
    public async Task Bad_file_is_reported_with_its_field()
    {
        using var file = new MemoryStream("This is no audio."u8.ToArray());
        var error = await Assert.ThrowsAsync<ClientResultException>(() =>
            Client(Model).TranscribeAudioAsync(file, "speech.wav", new AudioTranscriptionOptions(), TestContext.Current.CancellationToken));

        Assert.Equal(400, error.Status);
        Assert.Contains("Parameter: file", error.Message);
        Assert.True(error.GetRawResponse()!.Headers.TryGetValue("x-request-id", out _));
    }

    [Theory]
    [InlineData(AudioTimestampGranularities.Word)]
    [InlineData(AudioTimestampGranularities.Word | AudioTimestampGranularities.Segment)]
    public async Task Word_times_come_in_order_and_segments_only_when_asked_for(AudioTimestampGranularities granularities)
    {
        AudioTranscription transcription = await TranscribeAsync(new AudioTranscriptionOptions
        {
            ResponseFormat = AudioTranscriptionFormat.Verbose,
            TimestampGranularities = granularities,
        });

        Assert.Equal(Text, transcription.Text);
        Assert.Equal(granularities.HasFlag(AudioTimestampGranularities.Segment), transcription.Segments.Count > 0);
        Assert.Equal(Words, transcription.Words.Select(word => word.Word));
        var before = TimeSpan.Zero;
        Assert.All(transcription.Words, word =>
        {
            Assert.True(word.StartTime >= before);
            Assert.True(word.EndTime >= word.StartTime);
            before = word.EndTime;
        });
    }

    private protected abstract TestApi CreateApi();

    async Task<AudioTranscription> TranscribeAsync(AudioTranscriptionOptions options, string model = Model)
    {
        using var audio = new MemoryStream(Audio);
        return await Client(model).TranscribeAudioAsync(audio, "größe.wav", options, TestContext.Current.CancellationToken);
    }

    AudioClient Client(string model) => new(model, new ApiKeyCredential("none"), Options());

    OpenAIClientOptions Options() => new() { Endpoint = _endpoint, RetryPolicy = new ClientRetryPolicy(maxRetries: 0) };
}

/// <summary>The contract with a scripted engine.</summary>
public sealed class OfficialClientTests : OfficialClientContract
{
    protected override byte[] Audio => TestAudio.Wav(Seconds);

    protected override double Seconds => 2;

    protected override string Text => "Hello, world! Größe 10 --> 5 €.";

    protected override IReadOnlyList<string> Words => ["Hello", "world", "Größe", "10", ">", "5", "€"];

    private protected override TestApi CreateApi() => new();
}

/// <summary>The contract with the real engine and the bundled model.</summary>
public sealed class OfficialClientRealEngineTests : OfficialClientContract
{
    protected override byte[] Audio { get; } = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "samples", "sample-en.wav"));

    protected override double Seconds => 3.692;

    protected override string Text => "Alice is going to the library tomorrow.";

    protected override IReadOnlyList<string> Words => ["Alice", "is", "going", "to", "the", "library", "tomorrow"];

    private protected override TestApi CreateApi() => new() { HasRealEngine = true };
}
