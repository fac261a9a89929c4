using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

[assembly: AssemblyFixture(typeof(TranscriptionApi.Tests.Jobs.PostgresServer))]

namespace TranscriptionApi.Tests.Jobs;

/// <summary>A real PostgreSQL of this machine's package, started when first asked for, with a database for every test that wants one.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    readonly SemaphoreSlim _starting = new(1, 1);
    readonly string _folder = Directory.CreateTempSubdirectory("transcription-pg-").FullName;
    readonly int _port = FreePort();
    Process? _process;
    int _databases;

    /// <summary>Connection string of a new, empty database; skips the test where PostgreSQL is not installed.</summary>
    public async Task<string> NewDatabaseAsync()
    {
        var programs = FindPrograms();
        Assert.SkipWhen(programs is null, "PostgreSQL is not installed (Debian: apt-get install postgresql).");
        await _starting.WaitAsync();
        try
        {
            _process ??= await StartAsync(programs!);
        }
        finally
        {
            _starting.Release();
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"jobs{Interlocked.Increment(ref _databases)}");
        await using var source = NpgsqlDataSource.Create(Connection("postgres"));
        await using var create = source.CreateCommand($"CREATE DATABASE {name}");
        await create.ExecuteNonQueryAsync();
        return Connection(name);
    }

    /// <summary>Stops the server as a crash would (immediate mode) and starts it again.</summary>
    public async Task RestartAsync()
    {
        _process!.Send(Signal.Quit);
        await _process!.WaitForExitAsync();
        _process.Dispose();
        _process = await RunAsync(FindPrograms()!);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            NpgsqlConnection.ClearAllPools();
            _process.Send(Signal.Quit);
            await _process.WaitForExitAsync();
            _process.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
        _starting.Dispose();
    }

    string Connection(string database) => $"Host=127.0.0.1;Port={_port};Username=postgres;Database={database};Maximum Pool Size=20";

    async Task<Process> StartAsync(string programs)
    {
        // PostgreSQL refuses to run as root.
        if (Environment.IsPrivilegedProcess)
        {
            Run("chown", "postgres", _folder);
        }

        Run([.. AsPostgres(Path.Combine(programs, "initdb")), "-D", Path.Combine(_folder, "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        return await RunAsync(programs);
    }

    async Task<Process> RunAsync(string programs)
    {
        var port = _port.ToString(CultureInfo.InvariantCulture);
        var process = Start([.. AsPostgres(Path.Combine(programs, "postgres")), "-D", Path.Combine(_folder, "data"), "-p", port, "-k", _folder, "-h", "127.0.0.1", "-c", "max_connections=200", "-c", "fsync=off"]);
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await using var source = NpgsqlDataSource.Create(Connection("postgres") + ";Pooling=false");
                await using var ask = source.CreateCommand("SELECT 1");
                await ask.ExecuteScalarAsync();
                return process;
            }
            catch (NpgsqlException) when (clock.Elapsed < TimeSpan.FromSeconds(60) && !process.HasExited)
            {
                await Task.Delay(100);
            }
        }
    }

    static string? FindPrograms()
    {
        const string Debian = "/usr/lib/postgresql";
        return Directory.Exists(Debian)
            ? Directory.EnumerateDirectories(Debian).Select(version => Path.Combine(version, "bin")).FirstOrDefault(bin => File.Exists(Path.Combine(bin, "initdb")))
            : null;
    }

    // Without setpriv's help the child would not be the process that signals go to.
    static string[] AsPostgres(string program) =>
        Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--", program] : [program];

    static void Run(params string[] command)
    {
        using var process = Start(command);
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{string.Join(' ', command)} ended with code {process.ExitCode}.");
    }

    static Process Start(params string[] command)
    {
        var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" })!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
