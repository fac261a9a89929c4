using System.Net;
using System.Text.Json;

namespace TranscriptionApi.Tests.Jobs.Routes;

/// <summary>What a client does with jobs.</summary>
static class JobClient
{
    public const string Path = "/v1/audio/transcriptions";

    /// <summary>Sends the usual audio to be transcribed in the background; the job.</summary>
    public static async Task<JsonElement> StartAsync(this HttpClient client, params (string Name, string Value)[] fields)
    {
        using var form = TestApi.Form([.. fields, ("background", "true")]);
        using var answer = await TestApi.PostAsync(client, form);
        return await ReadAsync(answer);
    }

    public static string Id(this JsonElement job) => job.GetProperty("id").GetString()!;

    public static string Status(this JsonElement job) => job.GetProperty("status").GetString()!;

    public static async Task<JsonElement> GetJsonAsync(this HttpClient client, string path)
    {
        using var answer = await client.GetAsync(path, TestContext.Current.CancellationToken);
        return await ReadAsync(answer);
    }

    public static Task<JsonElement> JobAsync(this HttpClient client, string id) => client.GetJsonAsync($"{Path}/{id}");

    /// <summary>The job, once it stands as told.</summary>
    public static async Task<JsonElement> JobAsync(this HttpClient client, string id, string status)
    {
        JsonElement job = default;
        await TestApi.WaitUntilAsync(async () => (job = await client.JobAsync(id)).Status() == status);
        return job;
    }

    public static async Task<JsonElement> CancelAsync(this HttpClient client, string id)
    {
        using var answer = await client.PostAsync($"{Path}/{id}/cancel", null, TestContext.Current.CancellationToken);
        return await ReadAsync(answer);
    }

    public static async Task<JsonElement> ReadAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, text);
        using var body = JsonDocument.Parse(text);
        return body.RootElement.Clone();
    }

    /// <summary>The error of a request that is refused.</summary>
    public static async Task<JsonElement> RefusedAsync(this HttpClient client, HttpMethod method, string path, HttpStatusCode status)
    {
        using var request = new HttpRequestMessage(method, path);
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(status, answer.StatusCode);
        return await TestApi.ErrorOfAsync(answer);
    }

    public static Task<JsonElement> RefusedAsync(this HttpClient client, string path, HttpStatusCode status = HttpStatusCode.BadRequest) =>
        client.RefusedAsync(HttpMethod.Get, path, status);

    public static string Code(this JsonElement error) => error.GetProperty("code").GetString()!;

    public static string Message(this JsonElement error) => error.GetProperty("message").GetString()!;
}
