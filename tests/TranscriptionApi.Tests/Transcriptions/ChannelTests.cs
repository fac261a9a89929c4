using System.Net;
using SpeechEngine.Audio;

namespace TranscriptionApi.Tests.Transcriptions;

/// <summary>channels=separate: which channel is heard as what, and how every format shows it.</summary>
public sealed class ChannelTests : IAsyncLifetime
{
    const float Left = 0.5f;
    const float Right = 0.4f;

    readonly TestApi _api = new();
    HttpClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _client = await _api.ReadyClientAsync();
        _api.Engine.Hear = audio => Loudness(audio) == Left
            ? [ScriptedEngine.Window("es", ScriptedEngine.Segment(0.5, 1, " Hola."), ScriptedEngine.Segment(1, 1.5, " ¿Qué tal?")), ScriptedEngine.Window("es", ScriptedEngine.Segment(3, 4, " Adiós."))]
            : [ScriptedEngine.Window("en", ScriptedEngine.Segment(1.25, 2, " Fine & well <3."), ScriptedEngine.Segment(3, 3.5, " Bye."))];
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return _api.DisposeAsync();
    }

    [Theory]
    [InlineData("json", """{"text":"Hola. ¿Qué tal?\nFine & well <3.\nAdiós.\nBye.","usage":{"type":"duration","seconds":4}}""")]
    [InlineData("text", "[Channel 1] Hola. ¿Qué tal?\n[Channel 2] Fine & well <3.\n[Channel 1] Adiós.\n[Channel 2] Bye.\n")]
    [InlineData("srt", "1\n00:00:00,500 --> 00:00:01,000\n[Channel 1] Hola.\n\n2\n00:00:01,000 --> 00:00:01,500\n[Channel 1] ¿Qué tal?\n\n"
        + "3\n00:00:01,250 --> 00:00:02,000\n[Channel 2] Fine & well <3.\n\n4\n00:00:03,000 --> 00:00:04,000\n[Channel 1] Adiós.\n\n5\n00:00:03,000 --> 00:00:03,500\n[Channel 2] Bye.\n\n\n")]
    [InlineData("vtt", "WEBVTT\n\n00:00:00.500 --> 00:00:01.000\n<v Channel 1>Hola.\n\n00:00:01.000 --> 00:00:01.500\n<v Channel 1>¿Qué tal?\n\n"
        + "00:00:01.250 --> 00:00:02.000\n<v Channel 2>Fine & well <3.\n\n00:00:03.000 --> 00:00:04.000\n<v Channel 1>Adiós.\n\n00:00:03.000 --> 00:00:03.500\n<v Channel 2>Bye.\n\n")]
    public async Task Every_format_says_who_speaks(string format, string body) => Assert.Equal(body, await SeparateAsync([Left, Right], ("response_format", format)));

    [Fact]
    public async Task Segments_name_their_channel_and_the_first_to_speak_decides_the_language()
    {
        var body = await SeparateAsync([Right, Left], ("response_format", "verbose_json"));

        Assert.StartsWith("""{"task":"transcribe","language":"spanish","duration":4,"text":"Hola. ¿Qué tal?\nFine & well <3. Bye.\nAdiós.","segments":[{"id":0,""", body);
        Assert.Equal(["1", "1", "0", "0", "1"], body.Split("\"channel\":").Skip(1).Select(rest => rest[..1]));
        Assert.EndsWith("\"usage\":{\"type\":\"duration\",\"seconds\":4},\"language_code\":\"es\"}", body);
    }

    [Theory]
    [InlineData("mix")]
    [InlineData(" ")]
    [InlineData("")]
    public async Task Mixed_channels_have_no_names(string value)
    {
        _api.Engine.Hear = null;
        using var form = TestApi.FormWith(TestAudio.Channels(2, Left, Right), ("channels", value), ("response_format", "verbose_json"));
        using var answer = await TestApi.PostAsync(_client, form);

        var body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain("channel", body);
        Assert.Contains("\"text\":\"Hello, world! Größe 10 --> 5 €.\"", body);
        Assert.Single(_api.Engine.Asked);
    }

    [Fact]
    public async Task Every_channel_is_asked_for_with_the_same_options()
    {
        await SeparateAsync([Left, Right, 0.3f], ("language", "es"), ("prompt", "Madrid"));

        Assert.Equal(3, _api.Engine.Asked.Count);
        Assert.All(_api.Engine.Asked, options => Assert.Equal(("es", "Madrid"), (options.Language, options.Prompt)));
        Assert.Single(_api.Engine.Asked.Distinct());
    }

    [Theory]
    [InlineData(new[] { Left })]
    [InlineData(new[] { Left, Left, Left })]
    public async Task One_sound_is_one_channel(float[] amplitudes)
    {
        Assert.Equal("[Channel 1] Hola. ¿Qué tal? Adiós.\n", await SeparateAsync(amplitudes, ("response_format", "text")));
        Assert.Single(_api.Engine.Asked);
    }

    [Fact]
    public async Task Channel_without_speech_is_not_in_the_text()
    {
        _api.Engine.Hear = audio => Loudness(audio) == Left ? [ScriptedEngine.Window("fr")] : [ScriptedEngine.Window("es", ScriptedEngine.Segment(0, 1, " "), ScriptedEngine.Segment(1, 2, " Hola."))];

        Assert.Equal("[Channel 2] Hola.\n", await SeparateAsync([Left, Right], ("response_format", "text")));
        Assert.Contains("\"language\":\"spanish\"", await SeparateAsync([Left, Right], ("response_format", "verbose_json")));
    }

    [Theory]
    [InlineData("text", "\n")]
    [InlineData("vtt", "WEBVTT\n\n")]
    [InlineData("verbose_json", """{"task":"transcribe","language":"french","duration":4,"text":"","segments":[],"usage":{"type":"duration","seconds":4},"language_code":"fr"}""")]
    public async Task Silence_on_all_channels_gives_the_empty_form(string format, string body)
    {
        _api.Engine.Hear = audio => [ScriptedEngine.Window(Loudness(audio) == Left ? "fr" : "de")];

        Assert.Equal(body, await SeparateAsync([Left, Right], ("response_format", format)));
    }

    [Fact]
    public async Task Words_and_what_is_left_out_name_their_channel()
    {
        _api.Engine.Hear = audio => Loudness(audio) == Left
            ? [ScriptedEngine.Window("en", ScriptedEngine.Segment(1, 3, " Where is the train to Chicago?", ScriptedEngine.Word(1, 3, " Where?")))]
            : [ScriptedEngine.Window("en", ScriptedEngine.Segment(1, 3, " Where is the train to Chicago?"))];

        var body = await SeparateAsync([0.02f, Left], ("response_format", "verbose_json"), ("timestamp_granularities[]", "word"));

        Assert.Contains("\"words\":[{\"word\":\"Where\",\"start\":1,\"end\":3,\"probability\":0.75,\"channel\":1}]", body);
        Assert.Matches("\"dropped_segments\":\\[{.*\"reasons\":\\[\"echo\"\\].*\"channel\":0}\\]}$", body);
    }

    [Fact]
    public async Task Echo_of_a_louder_channel_is_left_out()
    {
        _api.Engine.Hear = _ => [ScriptedEngine.Window("en", ScriptedEngine.Segment(1, 3, " Where is the train to Chicago?"))];

        Assert.Equal("[Channel 2] Where is the train to Chicago?\n", await SeparateAsync([0.02f, Left], ("response_format", "text")));
    }

    [Fact]
    public async Task Translation_hears_channels_too()
    {
        using var form = TestApi.FormWith(TestAudio.Channels(4, Left, Right), ("channels", "separate"));
        using var answer = await TestApi.PostAsync(_client, form, "/v1/audio/translations");

        Assert.Equal("""{"text":"Hola. ¿Qué tal?\nFine & well <3.\nAdiós.\nBye."}""", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Client_that_leaves_during_the_last_channel_stops_the_work()
    {
        using var last = new ManualResetEventSlim();
        _api.Engine.Hear = audio =>
        {
            if (Loudness(audio) == Right)
            {
                _api.Engine.Gate = last; // the engine waits before it hears: only the next channel does
            }

            return [];
        };
        using var giveUp = new CancellationTokenSource();
        using var form = TestApi.FormWith(TestAudio.Channels(1, Left, Right, 0.3f), ("channels", "separate"));
        var request = _client.PostAsync("/v1/audio/transcriptions", form, giveUp.Token);
        await TestApi.WaitUntilAsync(() => Task.FromResult(_api.Engine.Asked.Count == 3));

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        await TestApi.WaitUntilAsync(() => Task.FromResult(_api.Engine is { Cancelled: 1, Running: 0 }));
        _api.Engine.Gate = null;
    }

    [Fact]
    public async Task Failure_on_one_channel_fails_the_request()
    {
        _api.Engine.Hear = audio => Loudness(audio) == Right ? throw new InvalidOperationException("boom") : [];
        using var form = TestApi.FormWith(TestAudio.Channels(1, Left, Right), ("channels", "separate"));
        using var answer = await TestApi.PostAsync(_client, form);

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
    }

    async Task<string> SeparateAsync(float[] amplitudes, params (string Name, string Value)[] fields)
    {
        using var form = TestApi.FormWith(TestAudio.Channels(4, amplitudes), [.. fields, ("channels", "separate")]);
        using var answer = await TestApi.PostAsync(_client, form);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    // The amplitude that the tone of a channel was made with.
    static float Loudness(PcmAudio audio)
    {
        var loudest = 0f;
        foreach (var sample in audio.Samples)
        {
            loudest = MathF.Max(loudest, sample);
        }

        return MathF.Round(loudest, 2);
    }
}
