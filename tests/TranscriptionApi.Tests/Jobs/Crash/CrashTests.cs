using System.Data.Common;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Npgsql;
using SpeechEngine;
using SpeechEngine.Audio;
using TranscriptionApi.Tests.Jobs.Work;
using TranscriptionApi.Transcriptions;

namespace TranscriptionApi.Tests.Jobs.Crash;

/// <summary>
/// Real processes that are killed at random while clients keep sending: what was accepted ends, once, with the right text. The long form:
/// CRASH_JOBS=300 CRASH_KILLS=30 CRASH_RESTARTS=3.
/// </summary>
public sealed class CrashTests(PostgresServer postgres) : IAsyncDisposable
{
    const int Processes = 3;
    static readonly int Jobs = Number("CRASH_JOBS", 30);
    static readonly int Kills = Number("CRASH_KILLS", 4);
    static readonly int Restarts = Number("CRASH_RESTARTS", 1);

    readonly List<ServerFolder> _folders = [];
    readonly List<Member> _members = [];
    readonly Random _random = new(20_240_607);

    string AudioFolder => Path.Combine(_folders[0].Path, "audio");

    public async ValueTask DisposeAsync()
    {
        foreach (var member in _members)
        {
            await member.Process.DisposeAsync();
        }

        foreach (var folder in _folders)
        {
            await folder.DisposeAsync();
        }
    }

    [Theory]
    [MemberData(nameof(JobDatabases.Both), MemberType = typeof(JobDatabases))]
    public async Task What_was_accepted_ends_once_with_the_right_text_whoever_is_killed(string database)
    {
        var recordings = MakeRecordings();
        var texts = recordings.Select(Transcribe).ToList();
        var connection = database == JobDatabases.Sqlite ? StartOnSqlite() : await StartOnPostgresAsync();
        using var client = new CrashClient([.. _members.Select(member => member.Address).OfType<Uri>()], recordings);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(10));

        var submitting = SubmitAsync(client, patience.Token);
        await KillAsync(database == JobDatabases.PostgreSql, client, patience.Token);
        await submitting;
        await WaitForEndsAsync(client, patience.Token);

        foreach (var member in _members)
        {
            member.Process.Signal(Signal.Terminate);
            var code = await member.Process.EndAsync();
            Assert.True(code == 0, $"An orderly stop ended with {code}.{Environment.NewLine}{string.Join(Environment.NewLine, member.Process.Log.TakeLast(20))}");
        }

        Assert.Empty(client.Surprises);
        Assert.Equal(Jobs, client.Journal.Select(entry => entry.Id).Distinct().Count());
        Assert.All(client.Answers, answer => Assert.Equal(texts[answer.Recording], answer.Text));
        await CheckDatabaseAsync(connection, client, texts);
        await CheckFilesAsync(connection);
    }

    /// <summary>One server that accepts, and workers beside it, all on one file; gives the file.</summary>
    string StartOnSqlite()
    {
        var folder = NewFolder();
        Start(folder, FreeAddress(), "--Jobs:WorkHere=false");
        for (var i = 0; i < Processes; i++)
        {
            Start(folder, address: null);
        }

        return Path.Combine(folder.Path, "jobs.db");
    }

    /// <summary>Servers with folders of their own that share a database and the folder of audio; gives the connection.</summary>
    async Task<string> StartOnPostgresAsync()
    {
        var connection = await postgres.NewDatabaseAsync();
        for (var i = 0; i < Processes; i++)
        {
            Start(NewFolder(), FreeAddress(), $"--Jobs:PostgreSql={connection}", $"--Jobs:AudioFolder={AudioFolder}");
        }

        return connection;
    }

    ServerFolder NewFolder()
    {
        _folders.Add(new ServerFolder());
        return _folders[^1];
    }

    void Start(ServerFolder folder, Uri? address, params string[] settings)
    {
        // Nobody is poison here, however often chance hits one job.
        string[] arguments =
        [
            address is null ? "worker" : $"--urls={address.OriginalString}", .. settings, "--Engine:Threads=1", "--Engine:Concurrency=2", "--Jobs:MaxCrashes=100",
            "--Jobs:MaxAttempts=20", "--Jobs:JoinMinutes=0", "--Jobs:DrainSeconds=20",
        ];
        _members.Add(new Member(folder, address, arguments, ServerProcess.Launch(folder, crashAt: null, arguments)));
    }

    async Task KillAndRestartAsync(int index)
    {
        var member = _members[index];
        member.Process.Signal(Signal.Kill);
        await member.Process.EndAsync();
        await member.Process.DisposeAsync();
        _members[index] = member with { Process = ServerProcess.Launch(member.Folder, crashAt: null, member.Arguments) };
    }

    static async Task SubmitAsync(CrashClient client, CancellationToken cancellation)
    {
        // The work has to last as long as the killing.
        var pause = TimeSpan.FromSeconds(1.2 * Kills / Jobs);
        var calls = new List<Task>();
        for (var number = 0; number < Jobs; number++)
        {
            calls.Add(client.SubmitAsync(number, cancellation));
            await Task.Delay(pause, cancellation);
        }

        await Task.WhenAll(calls);
    }

    async Task KillAsync(bool hasPostgres, CrashClient client, CancellationToken cancellation)
    {
        // The first answer says that the machinery is up.
        while (client.Journal.IsEmpty)
        {
            await Task.Delay(100, cancellation);
        }

        for (var kill = 0; kill < Kills; kill++)
        {
            await Task.Delay(_random.Next(300, 1500), cancellation);
            await KillAndRestartAsync(_random.Next(_members.Count));
            if (hasPostgres && (kill + 1) * Restarts / Kills > kill * Restarts / Kills)
            {
                await postgres.RestartAsync();
            }
        }
    }

    static async Task WaitForEndsAsync(CrashClient client, CancellationToken cancellation)
    {
        foreach (var entry in client.Journal)
        {
            while ((await client.FindAsync(entry.Id, cancellation)).GetProperty("status").GetString() is "queued" or "in_progress")
            {
                await Task.Delay(200, cancellation);
            }
        }
    }

    static async Task CheckDatabaseAsync(string place, CrashClient client, List<string> texts)
    {
        await using var connection = Connect(place);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await new JobInvariants { Acknowledged = [.. client.Journal.Select(entry => entry.Id)], Completed = [.. client.Journal.Select(entry => entry.Id)], IsQuiet = true }.CheckAsync(connection);

        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT j.id, t.body, j.attempt FROM jobs j JOIN transcripts t ON t.job_id = j.id";
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var recordings = client.Journal.ToDictionary(entry => entry.Id, entry => entry.Recording, StringComparer.Ordinal);
        var stored = 0;
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            using var transcript = JsonDocument.Parse((byte[])reader.GetValue(1));
            var text = string.Concat(transcript.RootElement.GetProperty("Segments").EnumerateArray().Select(segment => segment.GetProperty("Text").GetString())).Trim();
            Assert.Equal(texts[recordings[reader.GetString(0)]], text);
            stored++;
        }

        Assert.Equal(Jobs, stored);
    }

    // What a death left between a file and its row is an hour old before it is swept; but no file may be missing that a job still names,
    // and of the jobs that have ended only those keep theirs whose worker died just then.
    async Task CheckFilesAsync(string place)
    {
        await using var connection = Connect(place);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT audio_path FROM jobs WHERE audio_path IS NOT NULL";
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var named = new List<string>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            named.Add(Path.Combine(AudioFolder, reader.GetString(0)));
        }

        var files = Directory.GetFiles(AudioFolder, "*", SearchOption.AllDirectories);
        Assert.True(named.Count <= Kills, $"{named.Count} ended jobs keep their audio, of {files.Length} files.");
        TestContext.Current.TestOutputHelper!.WriteLine($"{files.Length} files left, {named.Count} of them named by ended jobs.");
    }

    static DbConnection Connect(string place) =>
        place.EndsWith(".db", StringComparison.Ordinal) ? new SqliteConnection($"Data Source={place};Mode=ReadOnly") : new NpgsqlConnection(place);

    // Short ones, and one that is long enough to be killed in the middle of.
    static List<byte[]> MakeRecordings() =>
        [Recordings.Sample, Recordings.Of(TimeSpan.FromSeconds(8)), Recordings.Of(TimeSpan.FromSeconds(20)), Recordings.Of(TimeSpan.FromMinutes(4))];

    // What the engine says when nobody disturbs it.
    static string Transcribe(byte[] wav)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, wav);
            using var pcm = new AudioDecoder(new AudioDecoderSettings()).Decode(path, CancellationToken.None);
            using var engine = SpeechToText.Load(Path.Combine(AppContext.BaseDirectory, "models", "ggml-demo-q8_0.bin"), new EngineSettings { Threads = 1 });
            var options = new TranscribeOptions { Language = "en" };
            return Transcript.Of(options, [.. engine.Transcribe(pcm, options, from: null, CancellationToken.None)], pcm.Duration, TimeSpan.Zero).Text;
        }
        finally
        {
            File.Delete(path);
        }
    }

    static Uri FreeAddress()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"));
    }

    static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : otherwise;

    /// <summary>One of the processes, and how it is started again.</summary>
    sealed record Member(ServerFolder Folder, Uri? Address, string[] Arguments, ServerProcess Process);
}
