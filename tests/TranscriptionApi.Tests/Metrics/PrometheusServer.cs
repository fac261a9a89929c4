using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace TranscriptionApi.Tests.Metrics;

/// <summary>A real Prometheus that scrapes one address every second, with its own port and storage; skips the test where there is none.</summary>
sealed class PrometheusServer : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("transcription-prometheus-").FullName;
    readonly Process _process;
    readonly HttpClient _client;

    public PrometheusServer(Uri target, string key)
    {
        File.WriteAllText(
            Path.Combine(_folder, "prometheus.yml"),
            $$"""
            global: { scrape_interval: 1s }
            scrape_configs:
              - job_name: transcription
                authorization: { credentials: {{key}} }
                static_configs: [{ targets: ["{{target.Authority}}"] }]
            """);
        var port = FreePort.Find();
        _client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        _process = Start(
            "prometheus",
            $"--config.file={_folder}/prometheus.yml", $"--storage.tsdb.path={_folder}/data", $"--web.listen-address=127.0.0.1:{port}", "--log.level=warn");

        // A pipe that nobody reads would fill up and stop it.
        _process.StandardInput.Close();
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>What promtool says about a text that a server was scraped for, line by line.</summary>
    public static async Task<(int Status, string[] Complaints)> CheckAsync(string metrics)
    {
        using var promtool = Start("promtool", "check", "metrics");
        await promtool.StandardInput.WriteAsync(metrics);
        promtool.StandardInput.Close();
        var complaints = promtool.StandardError.ReadToEndAsync();
        await promtool.StandardOutput.ReadToEndAsync();
        await promtool.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (promtool.ExitCode, (await complaints).Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>The values an expression has now, by their labels; none while Prometheus is still starting.</summary>
    public async Task<IReadOnlyList<(JsonElement Labels, double Value)>> QueryAsync(string expression)
    {
        Assert.False(_process.HasExited, "Prometheus ended by itself.");
        try
        {
            var answer = await GetAsync($"/api/v1/query?query={Uri.EscapeDataString(expression)}");
            return [.. answer.GetProperty("result").EnumerateArray().Select(series => (
                series.GetProperty("metric"),
                double.Parse(series.GetProperty("value")[1].GetString()!.Replace("+Inf", "Infinity", StringComparison.Ordinal), CultureInfo.InvariantCulture)))];
        }
        catch (HttpRequestException error) when (error.StatusCode is null or System.Net.HttpStatusCode.ServiceUnavailable)
        {
            return [];
        }
    }

    /// <summary>Waits until an expression has this one value.</summary>
    public async Task ExpectAsync(double expected, string expression)
    {
        IReadOnlyList<(JsonElement Labels, double Value)> seen = [];
        for (var i = 0; i < 300 && !(seen is [var only] && Math.Abs(only.Value - expected) < 1e-9); i++)
        {
            await Task.Delay(100, TestContext.Current.CancellationToken);
            seen = await QueryAsync(expression);
        }

        Assert.Equal(expected, Assert.Single(seen).Value, 9);
    }

    /// <summary>The names of all metrics seen so far.</summary>
    public async Task<HashSet<string>> NamesAsync() =>
        [.. (await GetAsync("/api/v1/label/__name__/values")).EnumerateArray().Select(name => name.GetString()!)];

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        _client.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    async Task<JsonElement> GetAsync(string path)
    {
        using var answer = await _client.GetAsync(path, TestContext.Current.CancellationToken);
        var body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.StatusCode != System.Net.HttpStatusCode.BadRequest, body);
        answer.EnsureSuccessStatusCode();
        return JsonDocument.Parse(body).RootElement.GetProperty("data");
    }

    static Process Start(string program, params string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        }
        catch (Win32Exception)
        {
            Assert.Skip($"{program} is not installed (Debian: package prometheus).");
            throw;
        }
    }
}
