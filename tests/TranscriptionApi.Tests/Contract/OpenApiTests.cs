using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using SpeechEngine;
using SpeechEngine.Speech;
using TranscriptionApi.AudioUrls;
using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Routes;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Tests.Jobs.Routes;
using TranscriptionApi.Transcriptions;
using TranscriptionApi.Transcriptions.Fields;
using TranscriptionApi.Transcriptions.Formats;
using TranscriptionApi.Webhooks;
using YamlDotNet.RepresentationModel;

namespace TranscriptionApi.Tests.Contract;

/// <summary>openapi.yaml and the running service say the same, both ways.</summary>
public sealed class OpenApiTests
{
    static readonly YamlMappingNode Contract = Load();

    [Fact]
    public async Task Every_route_is_declared_and_every_declared_route_exists()
    {
        await using var api = new TestApi();
        var routes = api.Services.GetRequiredService<EndpointDataSource>().Endpoints.Cast<RouteEndpoint>()
            .SelectMany(endpoint => endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods
                .Select(method => $"{method} {endpoint.RoutePattern.RawText!.Replace("{**", "{", StringComparison.Ordinal)}"));

        Assert.Equal(
            Operations().Select(operation => $"{operation.Method} {operation.Path}").Order(StringComparer.Ordinal),
            routes.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_answer_is_declared_and_every_declared_answer_is_given()
    {
        var declared = Operations().SelectMany(operation => Children(Map(operation.Node, "responses")).SelectMany(response =>
        {
            var content = Resolve(response.Value) is YamlMappingNode body && body.Children.ContainsKey("content") ? Children(Map(body, "content")).Select(type => type.Key) : [""];
            return content.Select(type => $"{operation.Method} {operation.Path} {response.Key} {type}".TrimEnd());
        }));

        Assert.Equal(declared.Order(StringComparer.Ordinal), (await ObserveAsync()).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("TranscriptionForm")]
    [InlineData("TranslationForm")]
    public void Declared_fields_are_the_fields_that_are_read(string form)
    {
        var read = form == "TranscriptionForm" ? TranscriptionForm.TranscriptionFields : TranscriptionForm.TranslationFields;
        var declared = FieldsOf(form).Select(property => new FormField(
            property.Key.Replace("[]", "", StringComparison.Ordinal), Text(property.Value, "type")!, Number(property.Value, "minimum"), Number(property.Value, "maximum")));

        Assert.Equal(
            read.Append(new FormField(TranscriptionForm.FileField, "string")).OrderBy(field => field.Name, StringComparer.Ordinal),
            declared.OrderBy(field => field.Name, StringComparer.Ordinal));
        Assert.Equal(["model"], Values(Schema("SharedFields"), "required"));
        Assert.Equal(
            [TranscriptionForm.FileField, AudioDownload.Field],
            ((YamlSequenceNode)Schema("SharedFields").Children["oneOf"]).SelectMany(either => Values((YamlMappingNode)either, "required")));
    }

    [Fact]
    public async Task Declared_defaults_change_nothing()
    {
        await using var api = new TestApi();
        using var client = await api.ReadyClientAsync();
        var detection = false;
        foreach (var (name, property) in FieldsOf("TranscriptionForm").Where(property => property.Value.Children.ContainsKey("default")))
        {
            foreach (var value in property.Children["default"] is YamlSequenceNode list ? list.Select(item => item.ToString()) : [Text(property, "default")!])
            {
                await TestApi.TranscribeAsync(client, (name, value), ("response_format", name == "response_format" ? "" : "verbose_json"));
                Assert.True(api.Engine.Asked.TryDequeue(out var asked));
                detection |= asked.SpeechDetection is not null;
                Assert.Equal(
                    new TranscribeOptions { SpeechDetection = name.StartsWith("vad_", StringComparison.Ordinal) ? new SpeechDetectionOptions() : null },
                    asked with { CandidateLanguages = [], Keywords = [], Decoding = asked.Decoding with { SuppressTokens = [] } });
                Assert.Empty(asked.CandidateLanguages);
                Assert.Empty(asked.Keywords);
                Assert.Empty(asked.Decoding.SuppressTokens);
            }
        }

        Assert.True(detection);
    }

    [Fact]
    public void Fields_and_keys_that_openai_lacks_are_marked()
    {
        string[] fields = ["file", "model", "language", "languages[]", "keywords[]", "prompt", "response_format", "temperature", "timestamp_granularities[]", "stream", "include[]"];
        string[] keys = ["task", "language", "duration", "text", "segments", "words", "usage"];
        string[] word = ["word", "start", "end"];

        Assert.Equal(fields.Order(), FieldsOf("TranscriptionForm").Where(property => !IsExtension(property.Value)).Select(property => property.Key).Order());
        Assert.Equal(keys, Properties("VerboseTranscript").Where(property => !IsExtension(property.Value)).Select(property => property.Key));
        Assert.Equal(word, Properties("Word").Where(property => !IsExtension(property.Value)).Select(property => property.Key));
        Assert.Equal(VerboseDrop.AllReasons, Values(Map(Map(Map(Schema("DroppedSegment"), "properties"), "reasons"), "items"), "enum"));
    }

    [Theory]
    [InlineData("VerboseTranscript", "")]
    [InlineData("Segment", "segments")]
    [InlineData("Word", "words")]
    [InlineData("DroppedSegment", "dropped_segments")]
    public async Task Declared_keys_are_the_keys_that_are_written(string schema, string list)
    {
        await using var api = new TestApi();
        using var client = await api.ReadyClientAsync();
        var hello = ScriptedEngine.Hello;
        var segment = hello.Segments[0] with { Channel = 1, Language = "es" };
        api.Engine.Windows =
        [
            hello with
            {
                Segments = [segment, hello.Segments[1] with { Channel = 0 }],
                LanguageProbabilities = [new LanguageProbability("en", 1)],
                Dropped = [new DroppedSegment { Segment = segment, Reasons = DropReasons.Silence, SpeechProbability = 0, Loudness = -60 }],
            },
        ];
        var full = await KeysAsync([("timestamp_granularities[]", "word"), ("timestamp_granularities[]", "segment")]);
        api.Engine.Windows = [hello];
        var plain = await KeysAsync(schema == "Word" ? [("word_timestamps", "true")] : []);

        Assert.Equal(Properties(schema).Select(property => property.Key), full);
        if (list != "dropped_segments")
        {
            var sometimes = schema == "VerboseTranscript" ? new[] { "segments", "usage" } : [];
            Assert.Equal(Values(Schema(schema), "required").Concat(sometimes).Order(), plain.Order());
        }

        async Task<IReadOnlyList<string>> KeysAsync((string, string)[] fields)
        {
            using var body = JsonDocument.Parse(await TestApi.TranscribeAsync(client, [("response_format", "verbose_json"), .. fields]));
            var node = list.Length == 0 ? body.RootElement : body.RootElement.TryGetProperty(list, out var items) ? items[0] : default;
            return node.ValueKind == JsonValueKind.Object ? [.. node.EnumerateObject().Select(key => key.Name)] : [];
        }
    }

    [Fact]
    public async Task Declared_keys_of_jobs_are_the_keys_that_are_written()
    {
        await using var api = new TestApi();
        using var client = await api.ReadyClientAsync();
        var job = await client.StartAsync();
        await client.JobAsync(job.Id(), "completed");
        var done = (await client.GetJsonAsync(JobClient.Path)).GetProperty("data")[0];
        using var batch = TestApi.Form(("background", "true"));
        batch.Add(new ByteArrayContent(TestAudio.Wav()), TranscriptionForm.FileField, "b.wav");
        using var list = await TestApi.PostAsync(client, batch);

        foreach (var told in new[] { job, done })
        {
            Assert.Equal(Properties("Transcription").Select(property => property.Key), told.EnumerateObject().Select(key => key.Name));
        }

        Assert.Equal(Properties("Transcription").Select(property => property.Key), Values(Schema("Transcription"), "required"));
        Assert.Equal(Properties("TranscriptionList").Select(property => property.Key), (await JobClient.ReadAsync(list)).EnumerateObject().Select(key => key.Name));
        Assert.Equal(JobStatus.Names, Values(Schema("TranscriptionStatus"), "enum"));
    }

    [Fact]
    public void Declared_webhook_and_its_deliveries_are_what_is_written()
    {
        var delivery = Delivery.Of(new WebhookAttempt { WebhookId = "msg_", Type = "t", State = "pending" }, isLatest: true);

        Assert.Equal(Keys(new WebhookEvent("", "", "", 0, new WebhookJob("")), ApiJson.Wire.WebhookEvent), Properties("WebhookEvent").Select(property => property.Key));
        Assert.Equal(Keys(new DeliveryList("list", [], false), ApiJson.Wire.DeliveryList), Properties("DeliveryList").Select(property => property.Key));
        Assert.Equal(Keys(delivery, ApiJson.Wire.Delivery), Properties("Delivery").Select(property => property.Key));
        Assert.Equal([.. WebhookFault.All, "null"], Values(Map(Map(Schema("Delivery"), "properties"), "error"), "enum"));
        Assert.Equal(
            Enum.GetValues<JobState>().Where(state => state.IsEnd()).Select(state => $"audio.transcription.{state.Name()}"),
            Values(Map(Map(Schema("WebhookEvent"), "properties"), "type"), "enum"));

        static IEnumerable<string> Keys<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToElement(value, type).EnumerateObject().Select(key => key.Name);
    }

    [Fact]
    public void Declared_formats_are_the_formats_that_are_written()
    {
        var schema = Schema("ResponseFormat");

        Assert.Equal(TranscriptFormats.Names, Values(schema, "enum"));
        Assert.Equal(TranscriptFormats.Default.Name, schema.Children["default"].ToString());
    }

    [Fact]
    public void Every_reference_leads_somewhere() => Assert.All(References(Contract), reference => Assert.NotNull(Follow(reference)));

    [Fact]
    public async Task Contract_is_served_as_written_and_shown_as_a_page()
    {
        await using var api = new TestApi();
        using var client = api.CreateClient();

        Assert.Equal(
            await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "openapi.yaml"), TestContext.Current.CancellationToken),
            await client.GetStringAsync("/openapi.yaml", TestContext.Current.CancellationToken));
        Assert.Contains("swagger-ui", await client.GetStringAsync("/", TestContext.Current.CancellationToken));
        Assert.Contains("../openapi.yaml", await client.GetStringAsync("/docs/index.js", TestContext.Current.CancellationToken));
    }

    /// <summary>Brings about every answer once and notes what came.</summary>
    static async Task<HashSet<string>> ObserveAsync()
    {
        var seen = new HashSet<string>();
        await using var api = new TestApi(("Security:ApiKeys:0", "key"), ("Uploads:MaxMegabytes", "1"), ("Engine:Concurrency", "1"), ("Engine:MaxWaiting", "0"));
        using var loading = new ManualResetEventSlim();
        api.Load = _ =>
        {
            loading.Wait();
            return api.Engine;
        };
        using var client = api.CreateClient(new() { AllowAutoRedirect = false });
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "key");

        async Task GetAsync(string path, string route) => Note(await client.GetAsync(path, TestContext.Current.CancellationToken), "GET", route);
        async Task PostAsync(string route, HttpContent form) => Note(await TestApi.PostAsync(client, form, route), "POST", route);
        void Note(HttpResponseMessage answer, string method, string route)
        {
            using (answer)
            {
                seen.Add($"{method} {route} {(int)answer.StatusCode} {answer.Content.Headers.ContentType?.MediaType}".TrimEnd());
            }
        }

        await GetAsync("/readyz", "/readyz");
        loading.Set();
        await TestApi.WaitUntilAsync(async () => (await client.GetAsync("/readyz")).IsSuccessStatusCode);
        foreach (var path in new[] { "/", "/health", "/healthz", "/readyz", "/metrics", "/openapi.yaml", "/v1/models" })
        {
            await GetAsync(path, path);
        }

        await GetAsync("/v1/models/alpha", "/v1/models/{id}");
        await GetAsync("/v1/models/none", "/v1/models/{id}");
        foreach (var route in new[] { "/v1/audio/transcriptions", "/v1/audio/translations" })
        {
            foreach (var format in TranscriptFormats.Names)
            {
                await PostAsync(route, TestApi.Form(("response_format", format)));
            }

            await PostAsync(route, TestApi.Form(("temperature", "x")));
            await PostAsync(route, TestApi.Form(("model", "none")));
            await PostAsync(route, TestApi.FormWith(new byte[2_000_000]));
            api.Engine.Failure = new InvalidOperationException();
            await PostAsync(route, TestApi.Form());
            api.Engine.Failure = null;

            using var gate = new ManualResetEventSlim();
            api.Engine.Gate = gate;
            var first = TestApi.PostAsync(client, TestApi.Form(), route);
            await TestApi.WaitUntilAsync(() => Task.FromResult(api.Engine.Running == 1));
            await PostAsync(route, TestApi.Form());
            gate.Set();
            Note(await first, "POST", route);
            api.Engine.Gate = null;

            client.DefaultRequestHeaders.Add("Idempotency-Key", $"key of {route.Length}".Replace(' ', '-'));
            await PostAsync(route, TestApi.Form());
            await PostAsync(route, TestApi.Form(("response_format", "text")));
            client.DefaultRequestHeaders.Remove("Idempotency-Key");
        }

        const string One = JobClient.Path + "/{id}";
        var id = (await client.JobAsync((await client.StartAsync()).Id(), "completed")).Id();
        await GetAsync(JobClient.Path, JobClient.Path);
        await GetAsync($"{JobClient.Path}?limit=0", JobClient.Path);
        await GetAsync($"{JobClient.Path}?after=none", JobClient.Path);
        foreach (var (query, route) in new[] { ("", One), ("?stream=true", One), ("?stream=x", One), ("/content", One + "/content"), ("/content?format=srt", One + "/content"), ("/content?format=x", One + "/content"), ("/deliveries", One + "/deliveries") })
        {
            await GetAsync($"{JobClient.Path}/{id}{query}", route);
        }

        await CancelAsync(id);
        await DeleteAsync(id);
        await AskForJobAsync();
        client.DefaultRequestHeaders.Authorization = null;
        await GetAsync("/metrics", "/metrics");
        await GetAsync("/v1/models", "/v1/models");
        await GetAsync("/v1/models/alpha", "/v1/models/{id}");
        await PostAsync("/v1/audio/transcriptions", TestApi.Form());
        await PostAsync("/v1/audio/translations", TestApi.Form());
        await GetAsync(JobClient.Path, JobClient.Path);
        await AskForJobAsync();
        return seen;

        async Task CancelAsync(string job) => Note(await client.PostAsync($"{JobClient.Path}/{job}/cancel", null, TestContext.Current.CancellationToken), "POST", One + "/cancel");
        async Task DeleteAsync(string job) => Note(await client.DeleteAsync($"{JobClient.Path}/{job}", TestContext.Current.CancellationToken), "DELETE", One);

        // One that is not there, or not told about without a key.
        async Task AskForJobAsync()
        {
            await GetAsync($"{JobClient.Path}/none", One);
            await GetAsync($"{JobClient.Path}/none/content", One + "/content");
            await GetAsync($"{JobClient.Path}/none/deliveries", One + "/deliveries");
            await CancelAsync("none");
            await DeleteAsync("none");
        }
    }

    static IEnumerable<(string Method, string Path, YamlMappingNode Node)> Operations() =>
        Children(Map(Contract, "paths")).SelectMany(path => Children((YamlMappingNode)path.Value).Select(operation =>
            (operation.Key.ToUpperInvariant(), path.Key, (YamlMappingNode)operation.Value)));

    // A form's properties, those of the schemas it is put together from included.
    static IEnumerable<KeyValuePair<string, YamlMappingNode>> FieldsOf(string form) =>
        ((YamlSequenceNode)Schema(form).Children["allOf"]).SelectMany(part => PropertiesOf((YamlMappingNode)Resolve(part)));

    static IEnumerable<KeyValuePair<string, YamlMappingNode>> Properties(string schema) => PropertiesOf(Schema(schema));

    static IEnumerable<KeyValuePair<string, YamlMappingNode>> PropertiesOf(YamlMappingNode schema) =>
        Children(Map(schema, "properties")).Select(property => KeyValuePair.Create(property.Key, (YamlMappingNode)Resolve(property.Value)));

    static YamlMappingNode Schema(string name) => Map(Map(Map(Contract, "components"), "schemas"), name);

    static bool IsExtension(YamlMappingNode property) => Text(property, "x-extension") == "true";

    static string? Text(YamlMappingNode node, string key) => node.Children.TryGetValue(key, out var value) ? value.ToString() : null;

    static double? Number(YamlMappingNode node, string key) =>
        Text(node, key) is { } text ? double.Parse(text, CultureInfo.InvariantCulture) : null;

    static YamlMappingNode Load()
    {
        var yaml = new YamlStream();
        using var file = File.OpenText(Path.Combine(AppContext.BaseDirectory, "openapi.yaml"));
        yaml.Load(file);
        return (YamlMappingNode)yaml.Documents[0].RootNode;
    }

    static IEnumerable<KeyValuePair<string, YamlNode>> Children(YamlMappingNode node) =>
        node.Children.Select(child => KeyValuePair.Create(child.Key.ToString(), child.Value));

    static IEnumerable<string> Values(YamlMappingNode node, string key) => ((YamlSequenceNode)node.Children[key]).Select(value => value.ToString());

    static YamlMappingNode Map(YamlMappingNode node, string key) => (YamlMappingNode)Resolve(node.Children[key]);

    static YamlNode Resolve(YamlNode node) =>
        node is YamlMappingNode map && map.Children.TryGetValue("$ref", out var reference) ? Follow(reference.ToString()) : node;

    static YamlNode Follow(string reference) =>
        reference.Split('/').Skip(1).Aggregate((YamlNode)Contract, (node, key) => ((YamlMappingNode)node).Children[key]);

    static IEnumerable<string> References(YamlNode node) => node switch
    {
        YamlMappingNode map => map.Children.SelectMany(child => child.Key.ToString() == "$ref" ? [child.Value.ToString()] : References(child.Value)),
        YamlSequenceNode list => list.SelectMany(References),
        _ => [],
    };
}
