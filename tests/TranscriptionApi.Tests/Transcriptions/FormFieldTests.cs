using System.Net;
using System.Text;
using SpeechEngine;

namespace TranscriptionApi.Tests.Transcriptions;

/// <summary>Which field does what, and every way clients write them.</summary>
public sealed class FormFieldTests : IAsyncLifetime
{
    readonly TestApi _api = new();
    HttpClient _client = null!;

    public async ValueTask InitializeAsync() => _client = await _api.ReadyClientAsync();

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Fact]
    public async Task Fields_reach_the_engine()
    {
        await TestApi.TranscribeAsync(_client, ("language", "ES"), ("prompt", " Señor Núñez "), ("temperature", "0.5"));

        Assert.Equal(new TranscribeOptions { Language = "es", Prompt = " Señor Núñez ", Decoding = new DecodingOptions { Temperature = 0.5f } }, Assert.Single(_api.Engine.Asked));
    }

    [Fact]
    public async Task Absent_and_empty_fields_take_their_defaults()
    {
        await TestApi.TranscribeAsync(_client);
        await TestApi.TranscribeAsync(
            _client, ("language", ""), ("prompt", ""), ("temperature", ""), ("response_format", " "), ("timestamp_granularities[]", ""), ("stream", ""), ("include[]", ""));

        Assert.All(_api.Engine.Asked, options => Assert.Equal(new TranscribeOptions(), options));
        Assert.Equal(2, _api.Engine.Asked.Count);
    }

    [Fact]
    public async Task Translation_asks_for_english_and_has_no_language()
    {
        using var form = TestApi.Form(("language", "no such language"), ("timestamp_granularities[]", "word"), ("prompt", "Madrid"));
        using var answer = await TestApi.PostAsync(_client, form, "/v1/audio/translations");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(new TranscribeOptions { Task = SpeechTask.Translate, Prompt = "Madrid" }, Assert.Single(_api.Engine.Asked));
    }

    [Theory]
    [InlineData("timestamp_granularities[]")]
    [InlineData("timestamp_granularities")]
    [InlineData("timestamp_granularities[0]")]
    public async Task Segment_granularity_is_taken_under_every_spelling(string name) =>
        Assert.Contains("\"segments\":[{", await TestApi.TranscribeAsync(_client, ("response_format", "verbose_json"), (name, "segment"), (name, "segment")));

    [Theory]
    [InlineData("false")]
    [InlineData("False")]
    [InlineData("0")]
    [InlineData("no")]
    [InlineData("OFF")]
    public async Task Stream_may_be_switched_off(string value) => await TestApi.TranscribeAsync(_client, ("stream", value));

    [Theory]
    [InlineData("chunking_strategy", "auto")]
    [InlineData("chunking_strategy[type]", "server_vad")]
    [InlineData("known_speaker_names[]", "Ada")]
    [InlineData("diarize", "true")]
    [InlineData("max_len", "many")]
    public async Task Unknown_fields_are_ignored(string name, string value) => await TestApi.TranscribeAsync(_client, (name, value));

    [Fact]
    public async Task Unknown_fields_may_be_long() => await TestApi.TranscribeAsync(_client, ("known_speaker_references[]", new string('x', 1_000_000)));

    [Theory]
    [InlineData("nb", "no")]
    [InlineData("jv", "jw")]
    [InlineData("yue", "yue")]
    [InlineData("Haw", "haw")]
    public async Task Language_codes_are_taken_in_any_case_and_under_other_names(string given, string code)
    {
        await TestApi.TranscribeAsync(_client, ("language", given));

        Assert.Equal(code, Assert.Single(_api.Engine.Asked).Language);
    }

    [Fact]
    public async Task Parts_may_come_in_any_order()
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent("text"), "response_format" },
            { new StringContent("whisper-1"), "model" },
            { new ByteArrayContent(TestAudio.Wav()), "file", "audio.wav" },
            { new StringContent("en"), "language" },
        };
        using var answer = await TestApi.PostAsync(_client, form);

        Assert.Equal("text/plain; charset=utf-8", answer.Content.Headers.ContentType?.ToString());
        Assert.Equal("en", Assert.Single(_api.Engine.Asked).Language);
    }

    [Theory]
    [InlineData("form-data; name=file; filename=a.wav", "")]
    [InlineData("form-data; name=\"file\"; filename=\"Assets\\a.wav\"", "")]
    [InlineData("form-data; name=file; filename*=utf-8''gr%C3%B6%C3%9Fe.wav", "")]
    [InlineData("form-data; name=file; filename=\"=?utf-8?B?Z3LDtsOfZS53YXY=?=\"; filename*=utf-8''gr%C3%B6%C3%9Fe.wav", "")]
    [InlineData("form-data; name=\"file\"; filename=\"../../etc/passwd\"", "Content-Type: text/html\r\n")]
    [InlineData("form-data; name=\"file\"; filename=\"größe.wav\"", "Content-Type: audio/x-wav\r\n")]
    [InlineData("form-data; name=\"file\"; filename=\"upload\"", "Content-Type: application/octet-stream\r\n")]
    [InlineData("form-data; name=\"file\"", "Content-Type: audio/wav\r\n")]
    [InlineData("form-data; name=\"file\"; filename=\"she said \"hi\".wav\"", "")]
    [InlineData("form-data; name=file[]; filename=a b.wav", "")]
    public async Task File_part_is_taken_however_it_is_described(string disposition, string contentType)
    {
        byte[] body =
        [
            .. Encoding.UTF8.GetBytes($"--AaB03x\r\nContent-Disposition: {disposition}\r\n{contentType}\r\n"),
            .. TestAudio.Wav(),
            .. Encoding.UTF8.GetBytes("\r\n--AaB03x\r\nContent-Disposition: form-data; name=model\r\n\r\nalpha\r\n--AaB03x--\r\n"),
        ];
        using var content = new ByteArrayContent(body);
        content.Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=AaB03x");
        using var answer = await TestApi.PostAsync(_client, content);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Empty(Directory.EnumerateFiles(_api.UploadsFolder, "*.upload", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Quoted_boundary_of_seventy_characters_is_understood()
    {
        using var form = new MultipartFormDataContent("0123456789_=0123456789_=0123456789_=0123456789_=0123456789_=0123456789")
        {
            { new ByteArrayContent(TestAudio.Wav()), "file", "audio.wav" },
            { new StringContent("alpha"), "model" },
        };
        using var answer = await TestApi.PostAsync(_client, form);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Accept_header_decides_nothing()
    {
        _client.DefaultRequestHeaders.Add("Accept", "application/json, text/event-stream");

        Assert.StartsWith("Hello", await TestApi.TranscribeAsync(_client, ("response_format", "text")));
    }

    [Theory]
    [InlineData("/v1/audio/transcriptions", "es", "language", "unsupported_value")]
    [InlineData("/v1/audio/translations", "", "model", "unsupported_value")]
    public async Task English_only_model_refuses_other_languages(string path, string language, string param, string code)
    {
        _api.Engine.IsMultilingual = false;
        using var form = TestApi.Form(("language", language));
        using var answer = await TestApi.PostAsync(_client, form, path);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = await TestApi.ErrorOfAsync(answer);
        Assert.Equal(param, error.GetProperty("param").GetString());
        Assert.Equal(code, error.GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("language")]
    [InlineData("languages[]")]
    public async Task Language_that_the_model_lacks_is_refused_by_name(string field)
    {
        _api.Engine.Windows = [];
        _api.Engine.Failure = new ArgumentException("unknown language");
        using var form = TestApi.Form((field, "yue"));
        using var answer = await TestApi.PostAsync(_client, form);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(field, (await TestApi.ErrorOfAsync(answer)).GetProperty("param").GetString());
    }

    [Theory]
    [InlineData("en", 200)]
    [InlineData("es", 400)]
    public async Task English_only_model_needs_english_among_the_candidates(string other, int status)
    {
        _api.Engine.IsMultilingual = false;
        using var form = TestApi.Form(("languages[]", "fr"), ("languages[]", other));
        using var answer = await TestApi.PostAsync(_client, form);

        Assert.Equal(status, (int)answer.StatusCode);
    }
}
