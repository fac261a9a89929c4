using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Npgsql;
using SpeechEngine;
using SpeechEngine.Audio;
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

    readonly string _folder = Directory.CreateTempSubdirectory("transcription-crash-").FullName;
    readonly List<ServerProcess> _processes = [];
    readonly Random _random = new(20_240_607);

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            await process.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [MemberData(nameof(JobDatabases.Both), MemberType = typeof(JobDatabases))]
    public async Task What_was_accepted_ends_once_with_the_right_text_whoever_is_killed(string database)
    {
        var recordings = Recordings();
        var texts = recordings.Select(Transcribe).ToList();
        var connection = database == JobDatabases.Sqlite ? StartOnSqlite() : await StartOnPostgresAsync();
        using var client = new CrashClient([.. _processes.Select(process => process.Address).OfType<Uri>()], recordings);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(10));

        var submitting = SubmitAsync(client, patience.Token);
        await KillAsync(database == JobDatabases.PostgreSql, client, patience.Token);
        await submitting;
        await WaitForEndsAsync(client, patience.Token);

        // Not before they have ended: an orderly stop cleans up.
        foreach (var process in _processes)
        {
            var code = await process.StopAsync();
            Assert.True(code == 0, $"An orderly stop ended with {code}.{Environment.NewLine}{process.Output}");
        }

        Assert.Empty(client.Surprises);
        Assert.Equal(Jobs, client.Journal.Select(entry => entry.Id).Distinct().Count());
        Assert.All(client.Answers, answer => Assert.Equal(texts[answer.Recording], answer.Text));
        await CheckDatabaseAsync(connection, client, texts);
        Assert.Empty(Directory.GetFiles(Path.Combine(_folder, "audio"), "*", SearchOption.AllDirectories));
        var output = string.Concat(_processes.Select(process => process.Output));
        TestContext.Current.TestOutputHelper?.WriteLine($"{database}: {Jobs} jobs, {Kills} kills, {Restarts} restarts of the database");
        Assert.DoesNotContain("Unhandled exception", output);
    }

    /// <summary>One server that accepts, and workers beside it, all on one file.</summary>
    string StartOnSqlite()
    {
        var settings = Settings(("Data:Folder", _folder));
        Start(ServerProcess.Server([.. settings, ("Jobs:WorkHere", "false")]));
        for (var i = 0; i < Processes; i++)
        {
            Start(ServerProcess.Worker(settings));
        }

        return Path.Combine(_folder, "jobs.db");
    }

    /// <summary>Servers with folders of their own that share a database and the folder of audio.</summary>
    async Task<string> StartOnPostgresAsync()
    {
        var connection = await postgres.NewDatabaseAsync();
        for (var i = 0; i < Processes; i++)
        {
            Start(ServerProcess.Server(Settings(
                ("Data:Folder", Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"server{i}"))),
                ("Jobs:AudioFolder", Path.Combine(_folder, "audio")),
                ("Jobs:PostgreSql", connection))));
        }

        return connection;
    }

    void Start(ServerProcess process)
    {
        process.Start();
        _processes.Add(process);
    }

    // Nobody is poison here, however often chance hits one job.
    static (string Name, string Value)[] Settings(params (string Name, string Value)[] settings) =>
    [
        .. settings, ("Models:Default", "demo"), ("Engine:Threads", "1"), ("Engine:Concurrency", "2"), ("Jobs:LeaseSeconds", "3"),
        ("Jobs:MaxCrashes", "100"), ("Jobs:MaxAttempts", "20"), ("Jobs:JoinMinutes", "0"), ("Jobs:DrainSeconds", "20"),
    ];

    async Task SubmitAsync(CrashClient client, CancellationToken cancellation)
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
            var victim = _processes[_random.Next(_processes.Count)];
            await victim.KillAsync();
            victim.Start();
            if (hasPostgres && kill % Math.Max(1, Kills / Math.Max(1, Restarts)) == 0 && kill / Math.Max(1, Kills / Math.Max(1, Restarts)) < Restarts)
            {
                await postgres.RestartAsync();
            }
        }
    }

    async Task WaitForEndsAsync(CrashClient client, CancellationToken cancellation)
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
        await using DbConnection connection = place.EndsWith(".db", StringComparison.Ordinal)
            ? new SqliteConnection($"Data Source={place};Mode=ReadOnly")
            : new NpgsqlConnection(place);
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

    // Three sentences, and one recording long enough to be killed in the middle of.
    static List<byte[]> Recordings()
    {
        var samples = Path.Combine(AppContext.BaseDirectory, "samples");
        var sentence = File.ReadAllBytes(Path.Combine(samples, "sample-en.wav"));
        return [sentence, Repeat(sentence, 2), Repeat(sentence, 3), Repeat(sentence, 60)];
    }

    static byte[] Repeat(byte[] wav, int times)
    {
        const int HeaderBytes = 44;
        var sound = wav.AsSpan(HeaderBytes);
        var repeated = new byte[HeaderBytes + (sound.Length * times)];
        TestAudio.Header(sound.Length * times).CopyTo(repeated, 0);
        for (var i = 0; i < times; i++)
        {
            sound.CopyTo(repeated.AsSpan(HeaderBytes + (i * sound.Length)));
        }

        return repeated;
    }

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

    static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
