using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Options;
using SpeechEngine.Audio;
using TranscriptionApi.Jobs.Work;
using TranscriptionApi.Uploads;

namespace TranscriptionApi.Tests.Uploads;

/// <summary>Tests that measure the whole process and therefore run while no other test does.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// <summary>How bodies arrive: in pieces, too large, broken off; and that nothing of them stays behind.</summary>
[Collection(nameof(Alone))]
public sealed class UploadTests : IAsyncLifetime
{
    const long Mebibyte = 1024 * 1024;

    readonly TestApi _api = new(("Uploads:MaxMegabytes", "300"));

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Fact]
    public async Task Chunked_body_without_a_length_is_taken()
    {
        _api.StartOnSocket();
        using var client = await _api.ReadyClientAsync();
        client.DefaultRequestHeaders.TransferEncodingChunked = true;
        using var form = TestApi.Form(("response_format", "text"));
        using var answer = await TestApi.PostAsync(client, form);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Large_upload_goes_to_disk_and_not_to_memory()
    {
        var decodedBytes = 0L;
        var mode = UnixFileMode.None;
        _api.Decode = (path, _) =>
        {
            decodedBytes = new FileInfo(path).Length;
            mode = OperatingSystem.IsWindows() ? UnixFileMode.None : File.GetUnixFileMode(path);
            return new PcmAudio(PcmAudio.SampleRate);
        };
        _api.StartOnSocket();
        using var client = await _api.ReadyClientAsync();
        client.DefaultRequestHeaders.TransferEncodingChunked = true;
        using var form = new MultipartFormDataContent { { new ZeroesContent(256 * Mebibyte), "file", "long.wav" }, { new StringContent("alpha"), "model" } };
        var before = GC.GetTotalAllocatedBytes();
        using var answer = await TestApi.PostAsync(client, form);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(256 * Mebibyte, decodedBytes);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 64 * Mebibyte);
        Assert.Empty(Leftovers());
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, mode);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_api.UploadsFolder));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Body_above_the_limit_is_refused_while_it_is_read(bool isChunked)
    {
        _api.StartOnSocket();
        using var client = await _api.ReadyClientAsync();
        client.DefaultRequestHeaders.TransferEncodingChunked = isChunked;
        using var form = new MultipartFormDataContent { { new ZeroesContent(301 * Mebibyte), "file", "long.wav" }, { new StringContent("alpha"), "model" } };
        using var answer = await TestApi.PostAsync(client, form);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        var error = await TestApi.ErrorOfAsync(answer);
        Assert.Equal("server_error", error.GetProperty("type").GetString());
        Assert.StartsWith("413: Maximum content size limit (314572800) exceeded (", error.GetProperty("message").GetString());
        Assert.Empty(Leftovers());
        await TestApi.TranscribeAsync(client);
    }

    [Fact]
    public async Task Client_that_hangs_up_while_sending_leaves_nothing_behind()
    {
        var address = _api.StartOnSocket();
        using var client = await _api.ReadyClientAsync();
        using (var socket = new TcpClient(address.Host, address.Port))
        {
            var start = "POST /v1/audio/transcriptions HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n"
                + "--b\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\n" + new string('x', 1000);
            await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(start), TestContext.Current.CancellationToken);
            await TestApi.WaitUntilAsync(() => Task.FromResult(Leftovers().Length == 1));
        }

        await TestApi.WaitUntilAsync(() => Task.FromResult(Leftovers().Length == 0));
        Assert.DoesNotContain(_api.Log, line => line.StartsWith("Error", StringComparison.Ordinal));
        await TestApi.TranscribeAsync(client);
    }

    [Fact]
    public async Task Failed_transcription_leaves_nothing_behind()
    {
        using var client = await _api.ReadyClientAsync();
        _api.Engine.Failure = new InvalidOperationException("bug");
        using var form = TestApi.Form();
        using var answer = await TestApi.PostAsync(client, form);

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Empty(Leftovers());
    }

    [Fact]
    public async Task What_a_killed_process_left_is_swept_at_the_start()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_api.UploadsFolder, "0123"));
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "abcdef.upload"), "x", TestContext.Current.CancellationToken);
        using var client = await _api.ReadyClientAsync();

        Assert.False(Directory.Exists(folder.FullName));
        Assert.Single(Directory.GetDirectories(_api.UploadsFolder));
    }

    [Fact]
    public async Task Uploads_of_a_process_that_runs_are_not_swept()
    {
        using var other = new ServerInstance(Options.Create(new DataOptions { Folder = _api.DataFolder }));
        other.Begin();
        var upload = Path.Combine(Directory.CreateDirectory(Path.Combine(_api.UploadsFolder, other.Id)).FullName, "abcdef.upload");
        await File.WriteAllTextAsync(upload, "x", TestContext.Current.CancellationToken);
        using var client = await _api.ReadyClientAsync();

        Assert.True(File.Exists(upload));
    }

    string[] Leftovers() => Directory.GetFiles(_api.UploadsFolder, "*.upload", SearchOption.AllDirectories);

    /// <summary>Many zero bytes, made while they are sent.</summary>
    sealed class ZeroesContent : HttpContent
    {
        readonly long _bytes;

        public ZeroesContent(long bytes)
        {
            _bytes = bytes;
            Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            var buffer = new byte[64 * 1024];
            for (var left = _bytes; left > 0; left -= buffer.Length)
            {
                await stream.WriteAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)));
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _bytes;
            return true;
        }
    }
}
