using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using TranscriptionApi.Tests.Jobs.Routes;

namespace TranscriptionApi.Tests.Jobs.Work;

/// <summary>A full disk: nothing new is taken, and nothing that is done is lost.</summary>
public sealed class DiskSpaceTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Call_is_refused_before_its_body_is_read_when_there_is_too_little_room()
    {
        await using var api = new TestApi(("Data:MinFreeMegabytes", "1000000"));
        var address = api.StartOnSocket();
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, Stop);
        var stream = client.GetStream();

        // Of the body, nothing is ever sent.
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"POST {JobClient.Path} HTTP/1.1\r\nHost: {address.Authority}\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 100000\r\n\r\n"), Stop);
        using var reader = new StreamReader(stream);
        var lines = new List<string>();
        while (await reader.ReadLineAsync(Stop) is { Length: > 0 } line)
        {
            lines.Add(line);
        }

        Assert.Equal("HTTP/1.1 503 Service Unavailable", lines[0]);
        Assert.Contains("Retry-After: 30", lines);
        Assert.Empty(Directory.GetFiles(api.UploadsFolder, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Result_that_finds_no_room_is_kept_and_stored_when_there_is_some_again()
    {
        using var disk = new SmallDisk();
        using var gate = new ManualResetEventSlim();
        await using var api = Api(disk, reserve: 0);
        using var client = await api.ReadyClientAsync();
        api.Engine.Gate = gate;
        var job = (await client.StartAsync()).Id();
        await client.JobAsync(job, "in_progress");
        disk.Fill();
        gate.Set();
        await TestApi.WaitUntilAsync(() => Task.FromResult(api.Log.Any(line => line.Contains("cannot be stored now", StringComparison.Ordinal))));
        using (var form = TestApi.Form())
        using (var refused = await TestApi.PostAsync(client, form))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.NotNull(refused.Headers.RetryAfter);
        }

        Assert.Equal("in_progress", (await client.JobAsync(job)).Status());
        disk.Free();

        Assert.StartsWith("Hello", (await client.JobAsync(job, "completed")).GetProperty("text").GetString());
        Assert.Single(api.Engine.Asked);
        Assert.Contains("Hello", await TestApi.TranscribeAsync(client));
    }

    [Fact]
    public async Task Reserve_is_given_away_to_store_a_result_on_a_full_disk()
    {
        using var disk = new SmallDisk();
        using var gate = new ManualResetEventSlim();
        await using var api = Api(disk, reserve: 1);
        using var client = await api.ReadyClientAsync();
        await TestApi.WaitUntilAsync(() => Task.FromResult(File.Exists(disk.Reserve)));
        api.Engine.Gate = gate;
        var job = (await client.StartAsync()).Id();
        await client.JobAsync(job, "in_progress");
        disk.Fill();
        gate.Set();

        Assert.StartsWith("Hello", (await client.JobAsync(job, "completed")).GetProperty("text").GetString());
        Assert.False(File.Exists(disk.Reserve));
        Assert.Single(api.Log, line => line.Contains("the reserve was given away", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Job_is_erased_on_a_full_disk()
    {
        using var disk = new SmallDisk();
        await using var api = Api(disk, reserve: 1);
        using var client = await api.ReadyClientAsync();
        await TestApi.WaitUntilAsync(() => Task.FromResult(File.Exists(disk.Reserve)));
        var job = (await client.JobAsync((await client.StartAsync()).Id(), "completed")).Id();
        disk.Fill();

        using var answer = await client.DeleteAsync($"{JobClient.Path}/{job}", Stop);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.False(File.Exists(disk.Reserve));
        await client.RefusedAsync($"{JobClient.Path}/{job}", HttpStatusCode.NotFound);
    }

    static TestApi Api(SmallDisk disk, int reserve)
    {
        TestModels.Write(disk.Path);
        return new TestApi(("Data:Folder", disk.Path), ("Data:MinFreeMegabytes", "0"), ("Data:ReserveMegabytes", $"{reserve}"), ("Engine:Concurrency", "1"));
    }

    /// <summary>A file system of 8 MiB in memory; skips the test where none can be made.</summary>
    sealed class SmallDisk : IDisposable
    {
        public SmallDisk()
        {
            Assert.SkipUnless(
                OperatingSystem.IsLinux() && Run("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", Path) == 0, "A small file system can only be mounted by root on Linux.");
        }

        public string Path { get; } = Directory.CreateTempSubdirectory("transcription-disk-").FullName;

        public string Reserve => System.IO.Path.Combine(Path, "reserve");

        string Filler => System.IO.Path.Combine(Path, "filler");

        /// <summary>Takes the last byte.</summary>
        public void Fill()
        {
            using var file = new FileStream(Filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
            foreach (var size in new[] { 65536, 4096, 1 })
            {
                try
                {
                    while (true)
                    {
                        file.Write(new byte[size]);
                    }
                }
                catch (IOException)
                {
                    // Full, for pieces of this size.
                }
            }
        }

        public void Free() => File.Delete(Filler);

        public void Dispose()
        {
            Run("umount", "--lazy", Path);
            Directory.Delete(Path, recursive: true);
        }

        static int Run(string program, params string[] arguments)
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode;
        }
    }
}
