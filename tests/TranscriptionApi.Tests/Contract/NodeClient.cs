using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace TranscriptionApi.Tests.Contract;

/// <summary>Scripts that use OpenAI's own Node client; a test that runs one is skipped where there is no Node or npm cannot fetch the client.</summary>
static class NodeClient
{
    static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "NodeClient");

    // Once for all tests: two installations at a time would trip over each other.
    static readonly Lazy<Task<string?>> Installation = new(FindFaultAsync);

    /// <summary>The JSON that a script prints.</summary>
    public static async Task<JsonDocument> RunAsync(string script, params string[] arguments)
    {
        await InstallAsync();
        var (status, output, errors) = await StartAsync("node", [script, .. arguments]);

        Assert.True(status == 0, errors);
        return JsonDocument.Parse(output);
    }

    public static async Task InstallAsync()
    {
        var fault = await Installation.Value;
        Assert.SkipWhen(fault is not null, fault ?? "");
    }

    static async Task<string?> FindFaultAsync()
    {
        try
        {
            var (status, _, errors) = await StartAsync("npm", ["install", "--no-audit", "--no-fund", "--no-package-lock", "--prefer-offline"]);
            return status == 0 ? null : $"npm could not fetch OpenAI's Node client: {errors}";
        }
        catch (Win32Exception)
        {
            return "Node and npm are not installed.";
        }
    }

    static async Task<(int Status, string Output, string Errors)> StartAsync(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(2));
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(patience.Token);
            var errors = process.StandardError.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
