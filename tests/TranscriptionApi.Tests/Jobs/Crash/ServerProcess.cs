using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace TranscriptionApi.Tests.Jobs.Crash;

/// <summary>The real program as a process of its own, which a test may kill and start again with the same settings.</summary>
sealed class ServerProcess : IAsyncDisposable
{
    static readonly string Program = Path.Combine(AppContext.BaseDirectory, "TranscriptionApi.dll");

    readonly ProcessStartInfo _start;
    readonly ConcurrentQueue<string> _output = new();
    Process? _process;

    ServerProcess(Uri? address, IEnumerable<string> arguments)
    {
        Address = address;
        _start = new ProcessStartInfo("dotnet", ["exec", Program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath() };

        // Two cores for many processes: without this each would spin for them.
        _start.Environment["DOTNET_gcServer"] = "0";
        _start.Environment["DOTNET_TieredPGO"] = "0";
    }

    /// <summary>Where it listens; null for a worker.</summary>
    public Uri? Address { get; }

    /// <summary>What it said, all lives together.</summary>
    public string Output => string.Join(Environment.NewLine, _output);

    /// <summary>A server with these settings on a free port.</summary>
    public static ServerProcess Server(params (string Name, string Value)[] settings)
    {
        var address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort()}"));
        return new ServerProcess(address, [.. Arguments(settings), "--urls", address.OriginalString]);
    }

    /// <summary>A worker with these settings.</summary>
    public static ServerProcess Worker(params (string Name, string Value)[] settings) => new(address: null, ["worker", .. Arguments(settings)]);

    /// <summary>Starts it; it need not be ready when this returns.</summary>
    public void Start()
    {
        var process = Process.Start(_start)!;
        process.OutputDataReceived += (_, line) => Note(line.Data);
        process.ErrorDataReceived += (_, line) => Note(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _process = process;
    }

    /// <summary>Kills it as the out-of-memory killer would.</summary>
    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            process.Send(Signal.Kill);
            await process.WaitForExitAsync();
            process.Dispose();
            _process = null;
        }
    }

    /// <summary>Asks it to stop and says how it ended.</summary>
    public async Task<int> StopAsync()
    {
        _process!.Send(Signal.Terminate);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await _process.WaitForExitAsync(patience.Token);
        var code = _process.ExitCode;
        _process.Dispose();
        _process = null;
        return code;
    }

    public async ValueTask DisposeAsync() => await KillAsync();

    void Note(string? line)
    {
        if (line is not null)
        {
            _output.Enqueue(line);
        }
    }

    static IEnumerable<string> Arguments((string Name, string Value)[] settings) => settings.SelectMany(setting => new[] { $"--{setting.Name}", setting.Value });

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
