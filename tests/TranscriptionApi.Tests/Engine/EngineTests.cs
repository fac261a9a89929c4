using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using SpeechEngine.Loading;

namespace TranscriptionApi.Tests.Engine;

/// <summary>The line in front of the models, how models come into memory, and how work is given up.</summary>
public sealed class EngineTests : IAsyncLifetime
{
    readonly TestApi _api = new(("Engine:Concurrency", "2"), ("Engine:MaxWaiting", "1"), ("Jobs:AbandonSeconds", "0"));
    readonly ManualResetEventSlim _gate = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _gate.Set();
        await _api.DisposeAsync();
        _gate.Dispose();
    }

    [Fact]
    public async Task Full_line_is_answered_503_with_a_time_to_come_back()
    {
        using var client = await _api.ReadyClientAsync();
        _api.Engine.Gate = _gate;
        var running = new[] { TestApi.TranscribeAsync(client), TestApi.TranscribeAsync(client) };
        await TestApi.WaitUntilAsync(() => Task.FromResult(_api.Engine.Running == 2));
        var waiting = TestApi.TranscribeAsync(client);
        await TestApi.WaitUntilAsync(async () => (await client.GetStringAsync("/health")).Contains("\"running\":2,\"waiting\":1", StringComparison.Ordinal));

        using var form = TestApi.Form();
        using var refused = await TestApi.PostAsync(client, form);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Equal("server_overloaded", (await TestApi.ErrorOfAsync(refused)).GetProperty("code").GetString());
        Assert.Single(_api.Log, line => line.Contains(" 503 in ", StringComparison.Ordinal) && line.Contains("/v1/audio", StringComparison.Ordinal));
        _gate.Set();
        await Task.WhenAll([.. running, waiting]);
    }

    [Fact]
    public async Task Long_file_does_not_block_a_short_one()
    {
        using var client = await _api.ReadyClientAsync();
        _api.Engine.Gate = _gate;
        var longFile = TestApi.TranscribeAsync(client);
        await TestApi.WaitUntilAsync(() => Task.FromResult(_api.Engine.Running == 1));
        _api.Engine.Gate = null;

        await TestApi.TranscribeAsync(client);

        Assert.False(longFile.IsCompleted);
        _gate.Set();
        await longFile;
    }

    [Fact]
    public async Task Client_that_hangs_up_stops_the_engine_and_is_no_error()
    {
        _api.StartOnSocket();
        using var client = await _api.ReadyClientAsync();
        _api.Engine.Gate = _gate;
        using var patience = new CancellationTokenSource();
        using var form = TestApi.Form();
        var asked = client.PostAsync("/v1/audio/transcriptions", form, patience.Token);
        await TestApi.WaitUntilAsync(() => Task.FromResult(_api.Engine.Running == 1));

        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);

        await TestApi.WaitUntilAsync(() => Task.FromResult(_api.Engine.Cancelled == 1));
        await TestApi.WaitUntilAsync(() => Task.FromResult(_api.Log.Any(line => line.Contains(" 499 in ", StringComparison.Ordinal))));
        Assert.DoesNotContain(_api.Log, line => line.StartsWith("Error", StringComparison.Ordinal));
        Assert.Empty(Directory.GetFiles(_api.UploadsFolder, "*.upload", SearchOption.AllDirectories));
        _api.Engine.Gate = null;
        await TestApi.TranscribeAsync(client);
    }

    [Fact]
    public async Task Stopping_server_gives_up_running_work_and_says_so()
    {
        _api.StartOnSocket();
        using var client = await _api.ReadyClientAsync();
        _api.Engine.Gate = _gate;
        using var form = TestApi.Form();
        var asked = TestApi.PostAsync(client, form);
        await TestApi.WaitUntilAsync(() => Task.FromResult(_api.Engine.Running == 1));

        _api.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        using var answer = await asked;

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(5), answer.Headers.RetryAfter?.Delta);
        Assert.Equal(1, _api.Engine.Cancelled);
        Assert.DoesNotContain(_api.Log, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Default_model_is_loaded_at_the_start_and_others_once_when_asked_for()
    {
        var loaded = new List<string>();
        _api.Load = model =>
        {
            lock (loaded)
            {
                loaded.Add(model.Id);
            }

            _gate.Wait(TimeSpan.FromMilliseconds(200));
            return _api.Engine;
        };
        using var client = await _api.ReadyClientAsync();
        Assert.Equal([TestModels.Default], loaded);

        await Task.WhenAll(TestApi.TranscribeAsync(client, ("model", TestModels.Other)), TestApi.TranscribeAsync(client, ("model", TestModels.Other)));
        await TestApi.TranscribeAsync(client, ("model", "whisper-1"));

        Assert.Equal([TestModels.Default, TestModels.Other], loaded);
    }

    [Fact]
    public async Task Not_ready_while_the_default_model_is_loading()
    {
        _api.Load = _ =>
        {
            _gate.Wait();
            return _api.Engine;
        };
        using var client = _api.CreateClient();
        using var loading = await client.GetAsync("/readyz", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, loading.StatusCode);
        Assert.StartsWith("{\"status\":\"loading\"", await loading.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        var early = TestApi.TranscribeAsync(client);
        _gate.Set();
        await early;
        Assert.StartsWith("{\"status\":\"ready\"", await client.GetStringAsync("/readyz", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Model_that_cannot_be_loaded_is_told_logged_and_tried_again()
    {
        _api.Load = _ => throw new InvalidModelException("the file is truncated");
        using var client = _api.CreateClient();
        await TestApi.WaitUntilAsync(async () => (await client.GetStringAsync("/health")).Contains("\"status\":\"failed\"", StringComparison.Ordinal));
        using var form = TestApi.Form();
        using var answer = await TestApi.PostAsync(client, form);

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        var error = await TestApi.ErrorOfAsync(answer);
        Assert.Equal("model_load_failed", error.GetProperty("code").GetString());
        Assert.Contains("`alpha`", error.GetProperty("message").GetString());
        Assert.Contains(_api.Log, line => line.StartsWith("Error", StringComparison.Ordinal) && line.Contains("the file is truncated", StringComparison.Ordinal));

        _api.Load = _ => _api.Engine;
        await TestApi.TranscribeAsync(client);
        Assert.StartsWith("{\"status\":\"ready\"", await client.GetStringAsync("/readyz", TestContext.Current.CancellationToken));
    }
}
