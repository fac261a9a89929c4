using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using TranscriptionApi.Jobs;
using TranscriptionApi.Jobs.Store;
using TranscriptionApi.Jobs.Store.Sqlite;
using TranscriptionApi.Security;
using TranscriptionApi.Tests.Metrics;

namespace TranscriptionApi.Tests.Jobs.Work;

/// <summary>A data folder of programs that live and die, with a look into its queue.</summary>
sealed class ServerFolder : IAsyncDisposable
{
    readonly SqliteDatabase _database;
    readonly JobSignals _signals = new();

    public ServerFolder()
    {
        _database = new SqliteDatabase(System.IO.Path.Combine(Path, "jobs.db"));
        Store = new JobStore(_database, _signals, TestMetrics.Unheard, TimeSpan.FromHours(1));
    }

    public string Path { get; } = JobDatabases.NewFolder();

    public JobStore Store { get; }

    public Task<List<Job>> JobsAsync() => Store.ListAsync(Caller.Anonymous.Name, new JobFilter(1000, NewestFirst: false, After: null, State: null, Batch: null, Model: null), TestContext.Current.CancellationToken);

    public Task<int> CheckAsync(JobInvariants invariants) => _database.ReadAsync(
        async connection =>
        {
            await invariants.CheckAsync(connection);
            return 0;
        },
        TestContext.Current.CancellationToken);

    /// <summary>Names in a folder of the data folder, in all depths.</summary>
    public string[] Files(string folder, string pattern = "*") =>
        Directory.Exists(System.IO.Path.Combine(Path, folder)) ? Directory.GetFiles(System.IO.Path.Combine(Path, folder), pattern, SearchOption.AllDirectories) : [];

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        _signals.Dispose();
        Directory.Delete(Path, recursive: true);
    }
}

/// <summary>The program itself in a process of its own, with the demo model, so that it can be killed.</summary>
sealed partial class ServerProcess : IAsyncDisposable
{
    readonly Process _process;
    readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    ServerProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Hear(line.Data);
        process.ErrorDataReceived += (_, line) => Hear(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>What it printed.</summary>
    public ConcurrentQueue<string> Log { get; } = new();

    public HttpClient Client { get; } = new() { Timeout = TimeSpan.FromMinutes(5) };

    /// <summary>Starts a server, or with the first argument "worker" a worker; settings are --SECTION:NAME=VALUE.</summary>
    /// <param name="folder">Its data.</param>
    /// <param name="crashAt">Place of its death (see Checkpoint); null none.</param>
    /// <param name="arguments">Verb and settings.</param>
    public static ServerProcess Launch(ServerFolder folder, string? crashAt, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder.Path };
        string[] usual = ["--Jobs:LeaseSeconds=3", "--Jobs:DrainSeconds=0", "--Jobs:JoinMinutes=0", "--Data:ReserveMegabytes=0", "--Uploads:MaxMegabytes=200", $"--Data:Folder={folder.Path}"];
        string[] listen = arguments is ["worker", ..] || arguments.Any(argument => argument.StartsWith("--urls=", StringComparison.Ordinal)) ? [] : ["--urls", "http://127.0.0.1:0"];
        foreach (var argument in (string[])[Path.Combine(AppContext.BaseDirectory, "TranscriptionApi.dll"), .. arguments, .. listen, .. usual.Where(setting => !arguments.Any(own => own.Split('=')[0] == setting.Split('=')[0]))])
        {
            start.ArgumentList.Add(argument);
        }

        // The inherited environment may be a server's own.
        foreach (var variable in start.Environment.Keys.Where(key => key.StartsWith("ASPNETCORE_", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(variable);
        }

        start.Environment["TRANSCRIPTION_CRASH_AT"] = crashAt ?? "";
        return new ServerProcess(Process.Start(start)!);
    }

    /// <summary>Starts a server and waits until it is ready.</summary>
    public static async Task<ServerProcess> StartAsync(ServerFolder folder, string? crashAt = null, params string[] arguments)
    {
        var server = Launch(folder, crashAt, arguments);
        server.Client.BaseAddress = await server._address.Task.WaitAsync(TimeSpan.FromSeconds(60));
        await WaitAsync(async () => (await server.Client.GetAsync("/readyz")).IsSuccessStatusCode);
        return server;
    }

    /// <summary>Waits for a condition, for as long as a loaded machine may need.</summary>
    public static async Task WaitAsync(Func<Task<bool>> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(2), "The condition did not come true within two minutes.");
            await Task.Delay(30, TestContext.Current.CancellationToken);
        }
    }

    public Task<HttpResponseMessage> PostAsync(byte[] audio) =>
        Client.PostAsync("/v1/audio/transcriptions", TestApi.FormWith(audio, ("model", "demo"), ("response_format", "text")));

    public async Task<string> TranscribeAsync(byte[] audio)
    {
        using var answer = await PostAsync(audio);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }

    public void Signal(Signal signal) => _process.Send(signal);

    /// <summary>Waits for its end; gives the exit code, 128 and more for a signal.</summary>
    public async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(2));
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        Client.Dispose();
    }

    void Hear(string? line)
    {
        if (line is not null)
        {
            Log.Enqueue(line);
            if (Listening().Match(line) is { Success: true } match)
            {
                _address.TrySetResult(new Uri(match.Value));
            }
        }
        else
        {
            _address.TrySetException(new InvalidOperationException("It ended before it listened: " + string.Join(Environment.NewLine, Log)));
        }
    }

    [GeneratedRegex(@"(?<=listening on: )http://[\d.:]+\d")]
    private static partial Regex Listening();
}
