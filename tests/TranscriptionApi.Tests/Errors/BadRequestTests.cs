using System.Net.Http.Headers;
using System.Text;

namespace TranscriptionApi.Tests.Errors;

/// <summary>
/// One table of everything a client can get wrong: what is sent, and the status, type, field and code of the answer.
/// After every row the server must still answer a good request.
/// </summary>
public sealed class BadRequestTests(BadRequestTests.Server server) : IClassFixture<BadRequestTests.Server>
{
    const string Transcriptions = "/v1/audio/transcriptions";
    const string Translations = "/v1/audio/translations";
    const string Key = "the-right-key-of-this-server";

    // A broken file and a file of a kind that is not taken are told apart; which of the two some file is, is the decoder's business.
    const string BadFile = "invalid_value|unsupported_value";

    static readonly Dictionary<string, Row> Rows = Table().ToDictionary(row => row.Name);

    public static IEnumerable<TheoryDataRow<string>> Names => Rows.Keys.Select(name => new TheoryDataRow<string>(name));

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Bad_request_is_refused_and_the_server_goes_on(string name)
    {
        var row = Rows[name];
        using var request = row.Make();
        if (!row.OwnKey)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        }

        using var answer = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        var error = await TestApi.ErrorOfAsync(answer);

        Assert.Equal(row.Status, (int)answer.StatusCode);
        Assert.Equal(row.Type, error.GetProperty("type").GetString());
        Assert.Equal(row.Param, error.GetProperty("param").GetString());
        Assert.Contains(error.GetProperty("code").GetString() ?? "null", (row.Code ?? "null").Split('|'));
        Assert.False(string.IsNullOrWhiteSpace(error.GetProperty("message").GetString()));
        Assert.DoesNotContain("   at ", error.GetProperty("message").GetString());
        Assert.DoesNotContain(server.Api.DataFolder, error.GetProperty("message").GetString());

        using var good = Post(Transcriptions, TestApi.Form());
        good.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        using var still = await server.Client.SendAsync(good, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)still.StatusCode);
        Assert.Empty(Directory.GetFiles(server.Api.UploadsFolder, "*.upload", SearchOption.AllDirectories));
    }

    [Fact]
    public void Table_is_long_enough() => Assert.True(Rows.Count >= 45, $"Only {Rows.Count} rows.");

    static IEnumerable<Row> Table() => [.. Files(), .. Fields(), .. Forms(), .. Multiparts(), .. Routes(), .. Keys()];

    static IEnumerable<Row> Files()
    {
        Row File(string name, byte[] file, string code = BadFile) => Bad(name, () => Post(Transcriptions, TestApi.FormWith(file)), "file", code);

        yield return File("empty file", [], "invalid_value");
        yield return File("one byte", [0]);
        yield return File("four bytes of RIFF", "RIFF"u8.ToArray());
        yield return File("wav cut within its header", TestAudio.Wav()[..20]);
        yield return File("wav cut before its samples", TestAudio.Wav()[..44]);
        yield return File("wav of 50 ms", TestAudio.Wav(0.05), "invalid_value");
        yield return File("wav with 0 channels", [.. TestAudio.Header(64_000, channels: 0), .. new byte[64_000]]);
        yield return File("wav with 60000 channels", [.. TestAudio.Header(64_000, channels: unchecked((short)60_000)), .. new byte[64_000]]);
        yield return File("wav at 0 Hz", [.. TestAudio.Header(64_000, rate: 0), .. new byte[64_000]]);
        yield return File("wav at 4 GHz", [.. TestAudio.Header(64_000, rate: 4_000_000_000), .. new byte[64_000]]);
        yield return File("wav with 0 bits", [.. TestAudio.Header(64_000, bits: 0), .. new byte[64_000]]);
        yield return File("wav with 7 bits", [.. TestAudio.Header(64_000, bits: 7), .. new byte[64_000]]);
        yield return File("wav of an unknown coding", [.. TestAudio.Header(64_000, format: 0x7777), .. new byte[64_000]]);
        yield return File("wav without chunks", [.. TestAudio.Header(64_000)[..12]]);
        yield return File("longer than the limit", TestAudio.Wav(61), "input_too_large");
        yield return File("text named wav", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("This is no audio. ", 400))));
        yield return File("html named wav", "<!DOCTYPE html><html><body>404</body></html>"u8.ToArray());
        yield return File("json named wav", "{\"text\":\"hello\"}"u8.ToArray());
        yield return File("playlist named wav", "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"u8.ToArray());
        yield return File("ffconcat named wav", "ffconcat version 1.0\nfile '/etc/passwd'\n"u8.ToArray());
        yield return File("dash manifest named wav", "<?xml version=\"1.0\"?><MPD><BaseURL>file:///etc/passwd</BaseURL></MPD>"u8.ToArray());
        yield return File("png", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, .. new byte[500]]);
        yield return File("zip", [0x50, 0x4B, 3, 4, .. new byte[500]]);
        yield return File("zeroes", new byte[100_000]);
        yield return File("noise", Noise(100_000));
        yield return File("mp3 frame header and noise", [0xFF, 0xFB, 0x90, 0x64, .. Noise(5_000)]);
        yield return File("ogg page header and noise", [.. "OggS"u8, .. Noise(5_000)]);
        yield return File("flac marker and noise", [.. "fLaC"u8, .. Noise(5_000)]);
        yield return File("mp4 box and noise", [0, 0, 0, 0x20, .. "ftypisom"u8, .. Noise(5_000)]);
        yield return File("matroska header and noise", [0x1A, 0x45, 0xDF, 0xA3, .. Noise(5_000)]);
    }

    static IEnumerable<Row> Fields()
    {
        Row Field(string name, string field, string value, string code, string? param = null) =>
            Bad(name, () => Post(Transcriptions, TestApi.Form((field, value))), param ?? field, code);

        yield return Field("temperature abc", "temperature", "abc", "invalid_type");
        yield return Field("temperature NaN", "temperature", "NaN", "invalid_type");
        yield return Field("temperature with a comma", "temperature", "0,5", "invalid_type");
        yield return Field("temperature 3", "temperature", "3", "decimal_above_max_value");
        yield return Field("temperature infinity", "temperature", "Infinity", "decimal_above_max_value");
        yield return Field("temperature below zero", "temperature", "-0.1", "decimal_below_min_value");
        yield return Field("unknown format", "response_format", "xml", "invalid_value");
        yield return Field("format in capitals", "response_format", "JSON", "invalid_value");
        yield return Field("diarized format", "response_format", "diarized_json", "unsupported_value");
        yield return Field("language auto", "language", "auto", "invalid_language_format");
        yield return Field("language by name", "language", "japanese", "invalid_language_format");
        yield return Field("language with a region", "language", "zh-tw", "invalid_language_format");
        yield return Field("language that does not exist", "language", "xx", "invalid_language_format");
        yield return Field("granularity without verbose_json", "timestamp_granularities[]", "segment", "invalid_value");
        yield return Field("word granularity without verbose_json", "timestamp_granularities[]", "word", "invalid_value");
        yield return Field("word_timestamps without verbose_json", "word_timestamps", "true", "invalid_value");
        yield return Field("one candidate language that does not exist", "languages[]", "en,es", "invalid_language_format");
        yield return Field("line width without subtitles", "max_line_width", "42", "invalid_value");
        yield return Field("reading speed without subtitles", "max_chars_per_second", "17", "invalid_value");
        yield return Field("keyword of 201 characters", "keywords[]", new string('x', 201), "string_above_max_length");
        yield return Field("hotword of 201 characters", "hotwords", "a," + new string('x', 201), "string_above_max_length");
        yield return Field("101 hotwords", "hotwords", string.Join(',', Enumerable.Range(0, 101)), "array_above_max_length");
        yield return Field("suppressed tokens that are words", "suppress_tokens", "1,two", "invalid_type");
        yield return Field("suppressed tokens below -1", "suppress_tokens", "-2", "integer_below_min_value");
        yield return Field("suppressed tokens beyond every vocabulary", "suppress_tokens", "51866", "integer_above_max_value");
        yield return Field("1001 suppressed tokens", "suppress_tokens", string.Join(',', Enumerable.Range(0, 1001)), "array_above_max_length");
        yield return Field("tiny temperature step", "temperature_inc", "0.01", "decimal_below_min_value");
        yield return Field("beam of a fraction", "beam_size", "2.5", "invalid_type");
        yield return Field("beam of endless digits", "beam_size", new string('9', 60_000), "invalid_type");
        yield return Field("threshold of infinity", "logprob_threshold", "-Infinity", "decimal_below_min_value");
        yield return Field("unknown granularity", "timestamp_granularities[]", "sentence", "invalid_value");
        yield return Field("granularities as one list", "timestamp_granularities", "segment,word", "invalid_value", "timestamp_granularities[]");
        yield return Field("audio_url beside a file", "audio_url", "https://example.com/talk.wav", "invalid_value");
        yield return Field("stream true", "stream", "true", "unsupported_value");
        yield return Field("stream True", "stream", "True", "unsupported_value");
        yield return Field("stream maybe", "stream", "maybe", "invalid_type");
        yield return Field("include logprobs", "include[]", "logprobs", "unsupported_value");
        yield return Field("channels stereo", "channels", "stereo", "invalid_value");
        yield return Field("channels in capitals", "channels", "SEPARATE", "invalid_value");
        yield return Bad("four channels one by one, longer than the limit together", () => Post(Transcriptions, TestApi.FormWith([.. TestAudio.Header(2_048_000, channels: 4), .. Noise(2_048_000)], ("channels", "separate"))), "file", "input_too_large");
        yield return Bad("translation: channels true", () => Post(Translations, TestApi.Form(("channels", "true"))), "channels", "invalid_value");
        yield return Field("oversized prompt", "prompt", new string('x', 65_537), "string_above_max_length");
        yield return Field("oversized model", "model", new string('x', 65_537), "string_above_max_length");
        yield return Bad("unknown model", () => Post(Transcriptions, TestApi.Form(("model", "no-such-model"))), null, "model_not_found", 404);
        yield return Bad("model as a path", () => Post(Transcriptions, TestApi.Form(("model", "../../etc/passwd"))), null, "model_not_found", 404);
        yield return Bad("translation: unknown format", () => Post(Translations, TestApi.Form(("response_format", "diarized_json"))), "response_format", "unsupported_value");
        yield return Bad("translation: temperature abc", () => Post(Translations, TestApi.Form(("temperature", "abc"))), "temperature", "invalid_type");
        yield return Bad("translation: unknown model", () => Post(Translations, TestApi.Form(("model", "x"))), null, "model_not_found", 404);
    }

    static IEnumerable<Row> Forms()
    {
        yield return Bad("missing file", () => Post(Transcriptions, Text(("model", "alpha"))), "file", "missing_required_parameter");
        yield return Bad("missing model", () => Post(Transcriptions, new MultipartFormDataContent { { new ByteArrayContent(TestAudio.Wav()), "file", "a.wav" } }), "model", "missing_required_parameter");
        yield return Bad("empty model", () => Post(Transcriptions, TestApi.Form(("model", " "))), "model", "missing_required_parameter");
        yield return Bad("file sent as text", () => Post(Transcriptions, Text(("model", "alpha"), ("file", "audio.wav"))), "file", "invalid_type");
        yield return Bad("file under another name", () => Post(Transcriptions, new MultipartFormDataContent { { new ByteArrayContent(TestAudio.Wav()), "audio", "a.wav" }, { new StringContent("alpha"), "model" } }), "file", "missing_required_parameter");
        yield return Bad("two files", () => Post(Transcriptions, Add(TestApi.Form(), new ByteArrayContent(TestAudio.Wav()), "file", "b.wav")), "file", "invalid_value");
        yield return Bad("two models", () => Post(Transcriptions, Add(TestApi.Form(), new StringContent("alpha"), "model")), "model", "invalid_value");
        yield return Bad("too many parts", () => Post(Transcriptions, TestApi.Form([.. Enumerable.Range(0, 257).Select(i => ($"x{i}", "y"))])), null, null);
        yield return Bad("too large", () => Post(Transcriptions, TestApi.FormWith(new byte[3 * 1024 * 1024])), null, null, 413, "server_error");
        yield return Bad("too large in fields nobody reads", () => Post(Transcriptions, TestApi.Form(("x", new string('x', 3 * 1024 * 1024)))), null, null, 413, "server_error");
        yield return Bad("101 keywords", () => Post(Transcriptions, TestApi.Form([.. Enumerable.Range(0, 101).Select(i => ("keywords[]", $"word{i}"))])), "keywords[]", "array_above_max_length");
        yield return Bad("51 keywords and 50 hotwords", () => Post(Transcriptions, TestApi.Form(
            [("hotwords", string.Join('\n', Enumerable.Range(0, 50))), .. Enumerable.Range(0, 51).Select(i => ("keywords[]", $"word{i}"))])), "keywords[]", "array_above_max_length");
        yield return Bad("a field twice", () => Post(Transcriptions, TestApi.Form(("beam_size", "2"), ("beam_size[]", "2"))), "beam_size", "invalid_value");
        yield return Bad("a field under both names", () => Post(Transcriptions, TestApi.Form(("log_prob_threshold", "-1"), ("logprob_threshold", "-1"))), "log_prob_threshold", "invalid_value");
        yield return Bad("language that is no candidate", () => Post(Transcriptions, TestApi.Form(("language", "en"), ("languages[]", "es"))), "language", "invalid_value");
        yield return Bad("language for all windows and for each", () => Post(Transcriptions, TestApi.Form(("language", "en"), ("multilingual", "1"))), "multilingual", "invalid_value");
        yield return Bad("translation: word times as text", () => Post(Translations, TestApi.Form(("word_timestamps", "1"), ("response_format", "text"))), "word_timestamps", "invalid_value");
        yield return Bad("translation: missing file", () => Post(Translations, Text(("model", "alpha"))), "file", "missing_required_parameter");
    }

    static IEnumerable<Row> Multiparts()
    {
        const string Multipart = "multipart/form-data; boundary=b";
        const string FilePart = "--b\r\nContent-Disposition: form-data; name=file; filename=a.wav\r\n\r\n";

        Row Raw(string name, string? type, string body) => Bad(name, () => Post(Transcriptions, Bytes(type, Encoding.UTF8.GetBytes(body))), null, null);

        yield return Raw("no body and no content type", null, "");
        yield return Raw("json body", "application/json", "{\"model\":\"alpha\"}");
        yield return Raw("url-encoded body", "application/x-www-form-urlencoded", "model=alpha");
        yield return Raw("audio as the body", "audio/wav", "RIFF");
        yield return Raw("content type that is none", "nonsense", "x");
        yield return Raw("other multipart", "multipart/mixed; boundary=b", "--b--");
        yield return Raw("no boundary", "multipart/form-data", FilePart);
        yield return Raw("empty boundary", "multipart/form-data; boundary=\"\"", FilePart);
        yield return Raw("endless boundary", "multipart/form-data; boundary=" + new string('b', 300), FilePart);
        yield return Raw("empty multipart body", Multipart, "");
        yield return Raw("junk for a multipart body", Multipart, new string('x', 10_000));
        yield return Raw("other boundary than announced", Multipart, "--c\r\nContent-Disposition: form-data; name=model\r\n\r\nalpha\r\n--c--\r\n");
        yield return Raw("part cut within its headers", Multipart, "--b\r\nContent-Dispo");
        yield return Raw("part cut within its content", Multipart, FilePart + "RIFF");
        yield return Raw("no final boundary", Multipart, FilePart + "RIFF\r\n--b\r\nContent-Disposition: form-data; name=model\r\n\r\nalpha\r\n");
        yield return Raw("part without a disposition", Multipart, "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--\r\n");
        yield return Raw("part without a name", Multipart, "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n");
        yield return Raw("part with endless headers", Multipart, "--b\r\nContent-Disposition: form-data; name=x\r\nX: " + new string('y', 40_000) + "\r\n\r\nx\r\n--b--\r\n");
        yield return Raw("part with countless headers", Multipart, "--b\r\n" + string.Concat(Enumerable.Range(0, 100).Select(i => $"X{i}: y\r\n")) + "\r\nx\r\n--b--\r\n");
        yield return Bad("only the end", () => Post(Transcriptions, Bytes(Multipart, "--b--\r\n"u8.ToArray())), "file", "missing_required_parameter");
    }

    static IEnumerable<Row> Routes()
    {
        Row Route(string method, string path, int status, string? param = null, string? code = null) =>
            Bad($"{method} {path}", () => new HttpRequestMessage(new HttpMethod(method), path), param, code, status);

        yield return Route("GET", Transcriptions, 405);
        yield return Route("PUT", Translations, 405);
        yield return Route("POST", "/v1/models", 405);
        yield return Route("DELETE", "/v1/models/alpha", 405);
        yield return Route("GET", "/v1/models/fake", 404, "model", "model_not_found");
        yield return Route("GET", "/v1/models/a%2Fb", 404, "model", "model_not_found");
        yield return Route("POST", "/v1/audio/speech", 404);
        yield return Route("POST", "/v1/chat/completions", 404);
        yield return Route("GET", "/v1/audio/transcriptions/some-id", 404);
        yield return Route("GET", "/appsettings.json", 404);
        yield return Route("GET", "/..%2f..%2fetc/passwd", 404);
        yield return Route("GET", "/docs/nothing.html", 404);
    }

    static IEnumerable<Row> Keys()
    {
        Row WithKey(string name, string? header, string? code) => new(name, () =>
        {
            var request = Post(Transcriptions, TestApi.Form());
            request.Headers.TryAddWithoutValidation("Authorization", header);
            return request;
        }, 401, "invalid_request_error", null, code, OwnKey: true);

        yield return WithKey("no key", null, null);
        yield return WithKey("key without its scheme", Key, null);
        yield return WithKey("other scheme", "Basic " + Key, null);
        yield return WithKey("wrong key", "Bearer sk-wrong-key-0123456789", "invalid_api_key");
        yield return WithKey("right key and more", $"Bearer {Key}x", "invalid_api_key");
    }

    static Row Bad(string name, Func<HttpRequestMessage> make, string? param, string? code, int status = 400, string type = "invalid_request_error") =>
        new(name, make, status, type, param, code);

    static HttpRequestMessage Post(string path, HttpContent content) => new(HttpMethod.Post, path) { Content = content };

    static MultipartFormDataContent Text(params (string Name, string Value)[] fields)
    {
        var form = new MultipartFormDataContent();
        foreach (var (name, value) in fields)
        {
            form.Add(new StringContent(value), name);
        }

        return form;
    }

    static MultipartFormDataContent Add(MultipartFormDataContent form, HttpContent part, string name, string? fileName = null)
    {
        if (fileName is null)
        {
            form.Add(part, name);
        }
        else
        {
            form.Add(part, name, fileName);
        }

        return form;
    }

    static ByteArrayContent Bytes(string? type, byte[] body)
    {
        var content = new ByteArrayContent(body);
        if (type is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        return content;
    }

    static byte[] Noise(int count)
    {
        var bytes = new byte[count];
        new Random(7).NextBytes(bytes);
        return bytes;
    }

    sealed record Row(string Name, Func<HttpRequestMessage> Make, int Status, string Type, string? Param, string? Code, bool OwnKey = false);

    /// <summary>One server for the whole table, on a real socket.</summary>
    public sealed class Server : IAsyncLifetime
    {
        internal TestApi Api { get; } = new(("Security:ApiKeys:0", Key), ("Uploads:MaxMegabytes", "2"), ("Audio:MaxMinutes", "1"));

        internal HttpClient Client { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Api.StartOnSocket();
            Client = await Api.ReadyClientAsync();
        }

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await Api.DisposeAsync();
        }
    }
}
