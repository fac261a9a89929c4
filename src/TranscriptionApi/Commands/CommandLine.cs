using System.CommandLine;
using System.CommandLine.Invocation;
using TranscriptionApi.Settings;

namespace TranscriptionApi.Commands;

/// <summary>Parses a verb's arguments and runs it; every way it can end becomes an exit code and at most one line.</summary>
static class CommandLine
{
    // "@talk.wav" is a file, not a list of arguments.
    static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null };

    public static async Task<int> RunAsync(Command verb, string[] args, CommandHost host, CancellationToken cancellation)
    {
        var root = new RootCommand("TranscriptionApi: speech to text.") { verb };
        var invocation = new InvocationConfiguration { Output = host.Output, Error = host.Error, EnableDefaultExceptionHandler = false };
        var parsed = root.Parse(WithHyphens(args), Parsing);
        if (parsed.Errors.Count > 0 && parsed.Action is ParseErrorAction)
        {
            // The library would print the whole help, and to the standard output.
            var problems = parsed.Errors.Select(error => error.Message).Distinct();
            await host.Error.WriteLineAsync($"{string.Join("\n", problems)}\n\"{verb.Name} --help\" shows the options.");
            return (int)ExitCode.NoInput;
        }

        try
        {
            return await parsed.InvokeAsync(invocation, cancellation);
        }
        catch (OperationCanceledException)
        {
            return (int)ExitCode.Interrupted;
        }
        catch (Exception error) when (error is CommandFailure || StartError.IsExpected(error))
        {
            var failure = CommandFailure.From(error);
            await host.Error.WriteLineAsync(failure.Message);
            return (int)failure.Code;
        }
    }

    /// <summary>openai/whisper writes --output_format where everyone else writes --output-format.</summary>
    static string[] WithHyphens(string[] args)
    {
        var end = Array.IndexOf(args, "--") is var found and >= 0 ? found : args.Length;
        return [.. args.Select((arg, index) => index < end && arg.StartsWith("--", StringComparison.Ordinal) ? WithHyphens(arg) : arg)];
    }

    static string WithHyphens(string option)
    {
        var name = option.Split('=')[0];
        return name.Replace('_', '-') + option[name.Length..];
    }
}
