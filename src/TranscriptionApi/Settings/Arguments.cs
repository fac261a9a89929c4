namespace TranscriptionApi.Settings;

/// <summary>The command line of the server: settings only, all of them known.</summary>
static class Arguments
{
    public const string Usage = """
        Usage: TranscriptionApi [--urls ADDRESS] [--SECTION:NAME VALUE]...   start the server
               TranscriptionApi transcribe FILE... [OPTION]...               transcribe files; see "transcribe --help"
               TranscriptionApi watch DIR [OPTION]...                        transcribe what appears in a folder; see "watch --help"
               TranscriptionApi worker [--SECTION:NAME VALUE]...             do the jobs of a server that runs with the same settings
               TranscriptionApi models list|pull|remove                      model files; see "models --help"
               TranscriptionApi quantize SOURCE TARGET TYPE                  a smaller copy of a model; see "quantize --help"
        README.md lists the settings; each can also be an environment variable, as in ENGINE__THREADS=4.
        """;

    // What the framework itself reads.
    static readonly string[] Framework =
        ["urls", "http_ports", "https_ports", "environment", "contentRoot", "applicationName", "webRoot", "hostingStartupAssemblies", "Logging", "Kestrel", "AllowedHosts"];

    /// <summary>Refuses what the configuration would read without anybody asking for it.</summary>
    public static void Check(string[] args, IEnumerable<string> sections)
    {
        string[] known = [.. sections, .. Framework];
        for (var i = 0; i < args.Length; i++)
        {
            // As the configuration reads them: --key value, --key=value, /key value, key=value.
            var isSwitch = args[i].StartsWith('-') || args[i].StartsWith('/');
            var hasValue = args[i].Contains('=', StringComparison.Ordinal);
            var top = args[i].TrimStart('-', '/').Split('=', ':')[0];
            var isOpenTelemetry = top.StartsWith("OTEL_", StringComparison.Ordinal);
            if ((!isSwitch && !hasValue) || (!isOpenTelemetry && !known.Contains(top, StringComparer.OrdinalIgnoreCase)))
            {
                throw new InvalidSettingException($"Unknown argument '{args[i]}'. {Usage}");
            }

            if (!hasValue)
            {
                i++;
            }
        }
    }
}
