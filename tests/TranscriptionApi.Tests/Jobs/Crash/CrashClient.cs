using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;

namespace TranscriptionApi.Tests.Jobs.Crash;

/// <summary>What a client was told about one job.</summary>
/// <param name="Number">The client's own number.</param>
/// <param name="Id">The job's name.</param>
/// <param name="Recording">Which recording it sent.</param>
sealed record JournalEntry(int Number, string Id, int Recording);

/// <summary>
/// Clients that do not give up: every request is sent, to any of the servers, under an idempotency key until it is answered, and what was
/// acknowledged is written into a journal.
/// </summary>
sealed class CrashClient(IReadOnlyList<Uri> servers, IReadOnlyList<byte[]> recordings) : IDisposable
{
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(20) };
    int _turn;

    public ConcurrentBag<JournalEntry> Journal { get; } = [];

    /// <summary>Texts that synchronous calls were answered with.</summary>
    public ConcurrentBag<(int Recording, string Text)> Answers { get; } = [];

    /// <summary>Answers that none of the promises allows.</summary>
    public ConcurrentBag<string> Surprises { get; } = [];

    /// <summary>Sends one recording until it is accepted; every third call waits for the text.</summary>
    public async Task SubmitAsync(int number, CancellationToken cancellation)
    {
        var recording = number % recordings.Count;
        var waits = number % 3 == 0;
        var answer = await AskAsync(
            () =>
            {
                var form = TestApi.FormWith(recordings[recording], ("model", "demo"), ("language", "en"), ("background", waits ? "false" : "true"));
                var request = new HttpRequestMessage(HttpMethod.Post, "/v1/audio/transcriptions") { Content = form };
                request.Headers.Add("Idempotency-Key", $"job-{number}");
                return request;
            },
            cancellation);
        Journal.Add(new JournalEntry(number, answer.Id, recording));
        if (waits)
        {
            Answers.Add((recording, answer.Body.GetProperty("text").GetString()!));
        }
    }

    /// <summary>The job as any server shows it.</summary>
    public async Task<JsonElement> FindAsync(string id, CancellationToken cancellation) =>
        (await AskAsync(() => new HttpRequestMessage(HttpMethod.Get, $"/v1/audio/transcriptions/{id}"), cancellation)).Body;

    public void Dispose() => _http.Dispose();

    async Task<(string Id, JsonElement Body)> AskAsync(Func<HttpRequestMessage> request, CancellationToken cancellation)
    {
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                using var asked = request();
                asked.RequestUri = new Uri(servers[Interlocked.Increment(ref _turn) % servers.Count], asked.RequestUri!);
                using var answer = await _http.SendAsync(asked, cancellation);
                var text = await answer.Content.ReadAsStringAsync(cancellation);
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    using var body = JsonDocument.Parse(text);
                    return (Id(answer, body.RootElement), body.RootElement.Clone());
                }

                // What an official client would send again; anything else must not happen here.
                if ((int)answer.StatusCode is not (429 or 503))
                {
                    Surprises.Add($"{asked.Method} {(int)answer.StatusCode}: {text}");
                }
            }
            catch (Exception error) when (error is HttpRequestException or IOException or TaskCanceledException && !cancellation.IsCancellationRequested)
            {
                // The server died, or is not there yet.
            }

            await Task.Delay(Pause, cancellation);
        }
    }

    static string Id(HttpResponseMessage answer, JsonElement body) => body.TryGetProperty("id", out var id)
        ? id.GetString()!
        : answer.Headers.GetValues("x-transcription-id").Single();
}
