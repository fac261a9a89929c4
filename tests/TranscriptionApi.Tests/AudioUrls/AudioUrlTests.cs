using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace TranscriptionApi.Tests.AudioUrls;

/// <summary>127.0.0.1 stands for the public network here, 127.0.0.2 for a private one.</summary>
public sealed class AudioUrlTests
{
    const string Transcriptions = "/v1/audio/transcriptions";

    static readonly (string, string)[] On =
        [("AudioUrls:Enabled", "true"), ("Outbound:AllowedNetworks:0", "127.0.0.1/32"), ("Uploads:MaxMegabytes", "1")];

    [Theory]
    [InlineData(Transcriptions)]
    [InlineData("/v1/audio/translations")]
    public async Task Audio_is_fetched_and_transcribed_as_if_it_had_been_sent(string path)
    {
        await using var site = await TestSite.StartAsync(AudioAsync);
        await using var api = new TestApi(On);
        using var client = await api.ReadyClientAsync();

        using var answer = await PostAsync(client, site.At("/talk.wav?token=CANARY").ToString(), path);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains("Hello, world!", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("/talk.wav?token=CANARY", Assert.Single(site.Requests).Path);
        AssertNothingIsLeft(api);
    }

    [Fact]
    public async Task Field_is_refused_unless_it_is_switched_on()
    {
        await using var site = await TestSite.StartAsync(AudioAsync);
        await using var api = new TestApi(("Outbound:AllowPrivateAddresses", "true"));
        using var client = await api.ReadyClientAsync();

        using var answer = await PostAsync(client, site.At("/talk.wav").ToString());

        await AssertRefusedAsync(answer, "unsupported_value", "AudioUrls:Enabled");
        Assert.Empty(site.Requests);
    }

    [Fact]
    public async Task File_and_url_together_are_refused_and_neither_is_missing()
    {
        await using var site = await TestSite.StartAsync(AudioAsync);
        await using var api = new TestApi(On);
        using var client = await api.ReadyClientAsync();

        using var both = await TestApi.PostAsync(client, TestApi.Form(("audio_url", site.At("/").ToString())));
        await AssertRefusedAsync(both, "invalid_value", "together with 'file'");
        using var neither = await PostAsync(client, " ");
        Assert.Equal("file", (await TestApi.ErrorOfAsync(neither)).GetProperty("param").GetString());
        Assert.Empty(site.Requests);
    }

    [Fact]
    public async Task Nothing_is_fetched_for_a_request_that_is_refused_anyway()
    {
        await using var site = await TestSite.StartAsync(AudioAsync);
        await using var api = new TestApi(On);
        using var client = await api.ReadyClientAsync();

        foreach (var (name, value) in new[] { ("model", "none"), ("channels", "many"), ("include[]", "logprobs"), ("temperature", "x") })
        {
            using var answer = await PostAsync(client, site.At("/").ToString(), Transcriptions, (name, value));
            Assert.False(answer.IsSuccessStatusCode);
        }

        Assert.Empty(site.Requests);
    }

    [Theory]
    [InlineData("talk.wav", "no absolute URL")]
    [InlineData("file:///etc/passwd", "no http or https URL")]
    [InlineData("ftp://127.0.0.1/talk.wav", "no http or https URL")]
    [InlineData("http://user:secret@127.0.0.1/talk.wav", "user name or password")]
    public async Task Text_that_is_no_url_of_the_web_is_refused(string url, string message)
    {
        await using var api = new TestApi(On);
        using var client = await api.ReadyClientAsync();

        using var answer = await PostAsync(client, url);

        await AssertRefusedAsync(answer, "invalid_value", message);
    }

    [Fact]
    public async Task Private_address_is_refused_in_the_same_words_whether_somebody_listens_there_or_not()
    {
        await using var inside = await TestSite.StartAsync(AudioAsync, "http://127.0.0.2:0");
        await using var api = new TestApi(On) { Resolve = (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("127.0.0.2")]) };
        using var client = await api.ReadyClientAsync();

        var messages = new HashSet<string>();
        foreach (var url in new[] { $"http://127.0.0.2:{inside.Port}/", "http://127.0.0.2:9/", $"http://inside.example:{inside.Port}/", "https://inside.example:9/", "http://169.254.169.254/latest/meta-data/", "http://[::1]/", "http://10.0.0.1/" })
        {
            using var answer = await PostAsync(client, url);
            messages.Add(await AssertRefusedAsync(answer, "invalid_value", "not allowed"));
        }

        Assert.Single(messages);
        Assert.Empty(inside.Requests);
    }

    [Fact]
    public async Task Name_that_does_not_exist_and_a_closed_port_are_told_in_the_same_words()
    {
        await using var api = new TestApi(On)
        {
            Resolve = (host, _) => host == "closed.example"
                ? Task.FromResult<IPAddress[]>([IPAddress.Loopback])
                : throw new System.Net.Sockets.SocketException((int)System.Net.Sockets.SocketError.HostNotFound),
        };
        using var client = await api.ReadyClientAsync();

        using var unknown = await PostAsync(client, "http://nowhere.example/");
        using var closed = await PostAsync(client, "http://closed.example:9/");

        Assert.Equal(await AssertRefusedAsync(unknown, "invalid_value", "the connection failed"), await AssertRefusedAsync(closed, "invalid_value", "the connection failed"));
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task Three_redirects_are_followed_and_a_fourth_is_not(int status)
    {
        await using var site = await TestSite.StartAsync(http =>
        {
            var left = int.Parse(http.Request.Path.Value![1..], System.Globalization.CultureInfo.InvariantCulture);
            if (left == 0)
            {
                return AudioAsync(http);
            }

            // Relative and absolute by turns.
            http.Response.StatusCode = status;
            http.Response.Headers.Location = left % 2 == 0 ? $"/{left - 1}" : $"http://{http.Request.Host}/{left - 1}";
            return Task.CompletedTask;
        });
        await using var api = new TestApi(On);
        using var client = await api.ReadyClientAsync();

        using var three = await PostAsync(client, site.At("/3").ToString());
        Assert.Equal(HttpStatusCode.OK, three.StatusCode);
        using var four = await PostAsync(client, site.At("/4").ToString());
        await AssertRefusedAsync(four, "invalid_value", "more than 3 times");
        AssertNothingIsLeft(api);
    }

    [Theory]
    [InlineData("/", "more than 3 times")]
    [InlineData("http://127.0.0.2:9/", "not allowed")]
    [InlineData("http://169.254.169.254/latest/meta-data/", "not allowed")]
    [InlineData("//127.0.0.2/", "not allowed")]
    [InlineData("file:///etc/passwd", "nothing is fetched from")]
    [InlineData("http://user:secret@127.0.0.1/", "nothing is fetched from")]
    [InlineData("http://[broken", "nothing is fetched from")]
    [InlineData("", "nothing is fetched from")]
    public async Task Redirect_is_judged_like_the_url_itself(string target, string message)
    {
        await using var site = await TestSite.StartAsync(http =>
        {
            http.Response.StatusCode = 302;
            http.Response.Headers.Location = target;
            return Task.CompletedTask;
        });
        await using var api = new TestApi(On);
        using var client = await api.ReadyClientAsync();

        using var answer = await PostAsync(client, site.At("/").ToString());

        await AssertRefusedAsync(answer, "invalid_value", message);
        AssertNothingIsLeft(api);
    }

    [Theory]
    [InlineData(206)]
    [InlineData(204)]
    [InlineData(304)]
    [InlineData(401)]
    [InlineData(404)]
    [InlineData(500)]
    public async Task Any_other_status_is_told(int status)
    {
        await using var site = await TestSite.StartAsync(http =>
        {
            http.Response.StatusCode = status;
            return Task.CompletedTask;
        });
        await using var api = new TestApi(On);
        using var client = await api.ReadyClientAsync();

        using var answer = await PostAsync(client, site.At("/").ToString());

        await AssertRefusedAsync(answer, "invalid_value", $"HTTP status {status}");
    }

    [Theory]
    [InlineData("stated")]
    [InlineData("endless")]
    public async Task File_larger_than_a_body_may_be_is_too_large(string kind)
    {
        await using var site = await TestSite.StartAsync(async http =>
        {
            http.Response.ContentLength = kind == "stated" ? 10_000_000_000 : null;
            while (!http.RequestAborted.IsCancellationRequested)
            {
                await http.Response.Body.WriteAsync(new byte[65_536], http.RequestAborted);
            }
        });
        await using var api = new TestApi(On);
        using var client = await api.ReadyClientAsync();

        using var answer = await PostAsync(client, site.At("/").ToString());

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.StartsWith("413: Maximum content size limit (1048576) exceeded", (await TestApi.ErrorOfAsync(answer)).GetProperty("message").GetString());
        AssertNothingIsLeft(api);
    }

    [Theory]
    [InlineData("before the headers")]
    [InlineData("in the middle")]
    [InlineData("drop by drop")]
    public async Task Slow_sender_is_cut(string kind)
    {
        await using var site = await TestSite.StartAsync(async http =>
        {
            if (kind != "before the headers")
            {
                await http.Response.Body.WriteAsync(TestAudio.Wav().AsMemory(0, 100), http.RequestAborted);
                await http.Response.Body.FlushAsync(http.RequestAborted);
            }

            while (kind == "drop by drop")
            {
                await http.Response.Body.WriteAsync(new byte[1], http.RequestAborted);
                await http.Response.Body.FlushAsync(http.RequestAborted);
                await Task.Delay(50, http.RequestAborted);
            }

            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        });
        await using var api = new TestApi([.. On, ("AudioUrls:TimeoutSeconds", "1")]);
        using var client = await api.ReadyClientAsync();

        using var answer = await PostAsync(client, site.At("/").ToString());

        await AssertRefusedAsync(answer, "invalid_value", "within 1 s");
        AssertNothingIsLeft(api);
    }

    [Fact]
    public async Task File_that_ends_before_its_stated_length_is_not_taken()
    {
        await using var site = await TestSite.StartAsync(async http =>
        {
            http.Response.ContentLength = 100_000;
            await http.Response.Body.WriteAsync(TestAudio.Wav().AsMemory(0, 50_000), http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
            http.Abort();
        });
        await using var api = new TestApi(On);
        using var client = await api.ReadyClientAsync();

        using var answer = await PostAsync(client, site.At("/").ToString());

        await AssertRefusedAsync(answer, "invalid_value", "the connection failed");
        AssertNothingIsLeft(api);
    }

    [Fact]
    public async Task What_is_fetched_and_is_no_audio_is_refused_as_such()
    {
        await using var site = await TestSite.StartAsync(http => http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes("This is no audio.")).AsTask());
        await using var api = new TestApi(On);
        using var client = await api.ReadyClientAsync();

        using var answer = await PostAsync(client, site.At("/").ToString());

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("file", (await TestApi.ErrorOfAsync(answer)).GetProperty("param").GetString());
    }

    [Fact]
    public async Task Query_of_a_url_is_neither_logged_nor_told()
    {
        await using var site = await TestSite.StartAsync(http =>
        {
            http.Response.StatusCode = 500;
            return Task.CompletedTask;
        });
        await using var api = new TestApi(On);
        using var client = await api.ReadyClientAsync();

        foreach (var url in new[] { site.At("/?token=CANARY").ToString(), "http://10.0.0.1/?token=CANARY", "http://127.0.0.1:9/?token=CANARY", "ftp://x/?token=CANARY" })
        {
            using var answer = await PostAsync(client, url);
            Assert.DoesNotContain("CANARY", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        Assert.DoesNotContain(api.Log, line => line.Contains("CANARY", StringComparison.Ordinal));
    }

    static Task AudioAsync(HttpContext http) => http.Response.Body.WriteAsync(TestAudio.Wav()).AsTask();

    static async Task<HttpResponseMessage> PostAsync(HttpClient client, string url, string path = Transcriptions, params (string Name, string Value)[] fields)
    {
        using var form = new MultipartFormDataContent();
        (string Name, string Value)[] model = fields.Any(field => field.Name == "model") ? [] : [("model", TestModels.Default)];
        foreach (var (name, value) in model.Concat(fields).Append(("audio_url", url)))
        {
            form.Add(new StringContent(value), name);
        }

        return await TestApi.PostAsync(client, form, path);
    }

    /// <summary>The message of a refusal: it names the field and no address.</summary>
    static async Task<string> AssertRefusedAsync(HttpResponseMessage answer, string code, string message)
    {
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = await TestApi.ErrorOfAsync(answer);
        Assert.Equal("audio_url", error.GetProperty("param").GetString());
        Assert.Equal(code, error.GetProperty("code").GetString());
        var told = error.GetProperty("message").GetString()!;
        Assert.Contains(message, told);
        Assert.DoesNotContain("127.0.0", told);
        Assert.DoesNotContain("example", told);
        return told;
    }

    static void AssertNothingIsLeft(TestApi api) => Assert.Empty(Directory.GetFiles(api.UploadsFolder, "*.upload", SearchOption.AllDirectories));
}
