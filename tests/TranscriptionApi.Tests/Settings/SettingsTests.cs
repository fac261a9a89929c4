using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using SpeechEngine;
using TranscriptionApi.Engine;
using TranscriptionApi.Requests;
using TranscriptionApi.Settings;

namespace TranscriptionApi.Tests.Settings;

public sealed class SettingsTests
{
    [Theory]
    [InlineData("Engine:Threds", "2", "Unknown setting 'Engine:Threds'. Did you mean 'Engine:Threads' (ENGINE__THREADS in the environment)?")]
    [InlineData("ENGINE:MAX_WAITING", "2", "Did you mean 'ENGINE:MaxWaiting' (ENGINE__MAXWAITING in the environment)?")]
    [InlineData("uploads:MaxMegabyte", "2", "Did you mean 'uploads:MaxMegabytes'")]
    [InlineData("Security:ApiKey", "secret", "Did you mean 'Security:ApiKeys'")]
    [InlineData("Security:ApiKeys", "secret", "Setting 'Security:ApiKeys' is a list: give its first entry as 'Security:ApiKeys:0' (SECURITY__APIKEYS__0 in the environment).")]
    [InlineData("Data:Folder:0", "x", "Unknown setting 'Data:Folder:0'. Did you mean 'Data:Folder'")]
    [InlineData("Models:Defualt", "x", "Did you mean 'Models:Default'")]
    [InlineData("Audio:Maxminute", "x", "Did you mean 'Audio:MaxMinutes'")]
    [InlineData("Model:Default", "x", "Unknown settings section 'Model'. Did you mean 'Models'?")]
    [InlineData("SECURITY_APIKEYS:0", "x", "Did you mean 'Security:ApiKeys' (SECURITY__APIKEYS in the environment)?")]
    [InlineData("SECURITY_APIKEYS_0", "x", "Did you mean 'Security:ApiKeys'")]
    [InlineData("ApiKeys:0", "x", "Did you mean 'Security:ApiKeys'")]
    [InlineData("EngineThreads", "2", "Did you mean 'Engine:Threads'")]
    public void Unknown_setting_names_the_nearest_known_one(string key, string value, string message) =>
        Assert.Contains(message, Assert.Throws<InvalidSettingException>(() => UnknownSettings.Check(Configuration((key, value)))).Message);

    [Fact]
    public void Known_settings_and_those_of_others_are_let_through() =>
        UnknownSettings.Check(Configuration(
            ("ENGINE:threads", "2"), ("Security:ApiKeys:0", "a"), ("SECURITY:APIKEYS:1", "b"), ("Logging:LogLevel:Default", "Debug"), ("Kestrel:Endpoints:Http:Url", "x"), ("MODELS", "x"), ("npm_config:x", "y")));

    [Theory]
    [InlineData("--port", "9111")]
    [InlineData("--url", "http://127.0.0.1:9110")]
    [InlineData("--threads=4")]
    [InlineData("model", "list")]
    [InlineData("--SecurityApiKeys:0=abc")]
    public void Unknown_argument_stops_the_start(params string[] args) =>
        Assert.StartsWith($"Unknown argument '{args[0]}'.", Assert.Throws<InvalidSettingException>(() => Arguments.Check(args, ["Engine", "Security"])).Message);

    [Theory]
    [InlineData("--urls", "http://127.0.0.1:9000", "--Engine:Threads", "4")]
    [InlineData("--engine:threads=4", "/Security:ApiKeys:0=a", "urls=http://*:80")]
    [InlineData("--Logging:LogLevel:Default", "Debug")]
    public void Settings_are_arguments(params string[] args) => Arguments.Check(args, ["Engine", "Security"]);

    [Theory]
    [InlineData("urls", "http://127.0.0.l:9110")]
    [InlineData("urls", "http://127.0.0.1:91x0")]
    [InlineData("urls", "http://127.0.0.1:8000;http://myhost:8001")]
    [InlineData("urls", "http://127.0.0.1:99999")]
    [InlineData("urls", "foo")]
    [InlineData("urls", "ftp://127.0.0.1:21")]
    [InlineData("http_ports", "abc")]
    [InlineData("http_ports", "8000;70000")]
    public void Address_that_kestrel_would_take_for_every_interface_stops_the_start(string key, string value) =>
        Assert.Throws<InvalidSettingException>(() => Listening.CheckAddresses(Configuration((key, value))));

    [Theory]
    [InlineData("urls", "http://127.0.0.1:0;http://[::1]:8000;http://localhost:80;http://*:80;http://+:81;https://0.0.0.0:443/")]
    [InlineData("urls", "http://unix:/run/speech.sock")]
    [InlineData("http_ports", "8000;8001")]
    public void Addresses_are_taken(string key, string value) => Listening.CheckAddresses(Configuration((key, value)));

    [Theory]
    [InlineData("", "", 0)]
    [InlineData("threads", "THREADS", 0)]
    [InlineData("threds", "threads", 1)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("", "abc", 3)]
    public void Edit_distance_counts_letters(string one, string other, int distance) => Assert.Equal(distance, UnknownSettings.EditDistance(one, other));

    [Theory]
    [InlineData("ENGINE__THREDS", "2", "Cannot start: Unknown setting 'ENGINE:THREDS'. Did you mean 'ENGINE:Threads' (ENGINE__THREADS in the environment)?")]
    [InlineData("ENGINE__THREADS", "many", "Cannot start: Failed to convert configuration value 'many' at 'Engine:Threads' to type 'System.Int32'.")]
    [InlineData("ENGINE__THREADS", "-1", "Cannot start: Engine:Threads must be between 0 and 1024.")]
    [InlineData("ENGINE__SPEECHMODEL", "/no/such/silero.bin", "Cannot start: Engine:SpeechModel is '/no/such/silero.bin'; there is no such file.")]
    [InlineData("UPLOADS__MAXMEGABYTES", "0", "Cannot start: Uploads:MaxMegabytes must be between 1 and 1048576.")]
    [InlineData("AUDIO__FFMPEG", "", "Cannot start: Audio:Ffmpeg is required.")]
    [InlineData("SECURITY__APIKEYS__0", " ", "Cannot start: Security:ApiKeys:0 is empty.")]
    [InlineData("DATA__FOLDER", "/dev/null/data", "Cannot start: Data:Folder '/dev/null/data' cannot be used.")]
    [InlineData("URLS", "http://127.0.0.l:9", "Cannot start: 'http://127.0.0.l:9' is no address to listen on")]
    [InlineData("URLS", "http://10.99.99.99:9110", "Cannot start: ")]
    [InlineData("URLS", "https://127.0.0.1:0", "Cannot start: ")]
    [InlineData("LOGGING__LOGLEVEL__DEFAULT", "Foo", "Cannot start: ")]
    [InlineData("URLS", "http://127.0.0.1:{taken}", "Cannot start: Failed to bind to address http://127.0.0.1:{taken}: address already in use.")]
    public async Task Bad_setting_stops_the_start_with_one_line(string variable, string value, string message)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var (status, errors) = await StartAsync(variable, value.Replace("{taken}", port, StringComparison.Ordinal));

        Assert.Equal(1, status);
        Assert.StartsWith(message.Replace("{taken}", port, StringComparison.Ordinal), errors);
        Assert.Single(errors.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData(null, null, "http://127.0.0.1:8000")]
    [InlineData("urls", "http://0.0.0.0:9000", "http://0.0.0.0:9000")]
    public void Server_listens_on_this_machine_unless_told_otherwise(string? key, string? value, string urls)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        if (key is not null)
        {
            builder.WebHost.UseSetting(key, value);
        }

        builder.AddListening();

        Assert.Equal(urls, builder.WebHost.GetSetting("urls"));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData(" ", null)]
    [InlineData("silero.bin", "silero.bin")]
    public void Speech_model_is_handed_to_the_engine(string? setting, string? file)
    {
        var options = new EngineOptions { Threads = 3, SpeechModel = setting };

        Assert.Equal(new EngineSettings { Threads = 3, SpeechModel = file is null ? null : Path.GetFullPath(file) }, options.Settings());
    }

    static IConfiguration Configuration(params (string Key, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build();

    // As a process of its own, started somewhere else than where its files are.
    static async Task<(int Status, string Errors)> StartAsync(string variable, string value)
    {
        var folder = Directory.CreateTempSubdirectory("transcription-api-");
        try
        {
            using var server = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "TranscriptionApi.dll")])
            {
                WorkingDirectory = folder.FullName,
                RedirectStandardError = true,
                RedirectStandardOutput = true,
                Environment = { ["URLS"] = "http://127.0.0.1:0", [variable] = value },
            })!;
            var output = server.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var errors = await server.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await server.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.DoesNotContain("   at ", await output);
            return (server.ExitCode, errors);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
