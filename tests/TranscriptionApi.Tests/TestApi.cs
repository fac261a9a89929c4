using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using TranscriptionApi.Engine;
using TranscriptionApi.Outbound;
using TranscriptionApi.Transcriptions;

namespace TranscriptionApi.Tests;

/// <summary>The real service with a scripted engine and its own data folder. The only fixture.</summary>
sealed class TestApi : WebApplicationFactory<Program>
{
    readonly (string Key, string Value)[] _settings;
    bool _onSocket;

    public TestApi(params (string Key, string Value)[] settings)
    {
        _settings = settings;
        Load = _ => Engine;
    }

    public ScriptedEngine Engine { get; } = new();

    /// <summary>What "loading a model" does.</summary>
    public LoadModel Load { get; set; }

    /// <summary>What "decoding a file" does; null leaves it to the real decoder.</summary>
    public DecodeAudio? Decode { get; set; }

    /// <summary>The addresses of a host; null leaves it to the operating system.</summary>
    public ResolveHost? Resolve { get; init; }

    /// <summary>Serves the bundled demo model with the real engine.</summary>
    public bool HasRealEngine { get; init; }

    public string DataFolder { get; } = Directory.CreateTempSubdirectory("transcription-api-").FullName;

    public string UploadsFolder => Path.Combine(DataFolder, "uploads");

    /// <summary>Everything that was logged, exceptions included.</summary>
    public ConcurrentQueue<string> Log { get; } = new();

    /// <summary>Serves on a real socket, and says where.</summary>
    public Uri StartOnSocket()
    {
        _onSocket = true;
        UseKestrel();
        StartServer();
        return ClientOptions.BaseAddress;
    }

    /// <summary>The model's answers can be had.</summary>
    public async Task<HttpClient> ReadyClientAsync()
    {
        var client = _onSocket ? new HttpClient { BaseAddress = ClientOptions.BaseAddress } : CreateClient();

        // Beside other tests ten minutes of audio may take longer than the usual 100 s.
        client.Timeout = TimeSpan.FromMinutes(10);
        await WaitUntilAsync(async () => (await client.GetAsync("/readyz")).IsSuccessStatusCode);
        return client;
    }

    /// <summary>A form with audio, the default model and the given fields.</summary>
    public static MultipartFormDataContent Form(params (string Name, string Value)[] fields) => FormWith(TestAudio.Wav(), fields);

    public static MultipartFormDataContent FormWith(byte[] file, params (string Name, string Value)[] fields)
    {
        var form = new MultipartFormDataContent { { new ByteArrayContent(file), "file", "audio.wav" } };
        foreach (var (name, value) in fields.Any(field => field.Name == "model") ? fields : [.. fields, ("model", TestModels.Default)])
        {
            form.Add(new StringContent(value), name);
        }

        return form;
    }

    public static Task<HttpResponseMessage> PostAsync(HttpClient client, HttpContent form, string path = "/v1/audio/transcriptions") =>
        client.PostAsync(path, form, TestContext.Current.CancellationToken);

    /// <summary>The text of a good request's answer: the sign that the server still works.</summary>
    public static async Task<string> TranscribeAsync(HttpClient client, params (string Name, string Value)[] fields)
    {
        using var form = Form(fields);
        using var answer = await PostAsync(client, form);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }

    public static async Task<JsonElement> ErrorOfAsync(HttpResponseMessage answer)
    {
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.ToString());
        Assert.Matches("^req_[0-9a-f]{32}$", Assert.Single(answer.Headers.GetValues("x-request-id")));
        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        var error = Assert.Single(body.RootElement.EnumerateObject().ToArray());
        Assert.Equal("error", error.Name);
        Assert.Equal(["message", "type", "param", "code"], error.Value.EnumerateObject().Select(key => key.Name));
        return error.Value.Clone();
    }

    public static async Task WaitUntilAsync(Func<Task<bool>> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), "The condition did not come true within 20 seconds.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Clean();
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        TestModels.Write(DataFolder);
        builder.UseSetting("urls", "http://127.0.0.1:0");
        builder.UseSetting("Data:Folder", DataFolder);
        builder.UseSetting("Jobs:JoinMinutes", "0");
        builder.UseSetting("Jobs:DrainSeconds", "0");
        builder.UseSetting("Models:Default", HasRealEngine ? "demo" : TestModels.Default);
        foreach (var (key, value) in _settings)
        {
            builder.UseSetting(key, value);
        }

        builder.ConfigureLogging(logging => logging.ClearProviders().AddProvider(new LogCollector(Log)));
        builder.ConfigureTestServices(services =>
        {
            if (!HasRealEngine)
            {
                services.Replace(ServiceDescriptor.Singleton<LoadModel>(_ => model => Load(model)));
            }

            if (Decode is not null)
            {
                services.Replace(ServiceDescriptor.Singleton(Decode));
            }

            if (Resolve is not null)
            {
                services.Replace(ServiceDescriptor.Singleton(Resolve));
            }
        });
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        Clean();
    }

    void Clean()
    {
        while (Directory.Exists(DataFolder))
        {
            try
            {
                Directory.Delete(DataFolder, recursive: true);
            }
            catch (DirectoryNotFoundException)
            {
                // The program stops on a thread of its own and may delete its uploads at the same moment.
            }
        }
    }

    sealed class LogCollector(ConcurrentQueue<string> log) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            log.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
