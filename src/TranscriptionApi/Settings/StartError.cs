using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace TranscriptionApi.Settings;

/// <summary>A setting cannot be used; the message names it.</summary>
sealed class InvalidSettingException(string message) : Exception(message);

/// <summary>What the operator can put right is told in one line; anything else keeps its stack trace.</summary>
static class StartError
{
    /// <summary>Runs until it is told to stop. When the start fails, what had started is stopped first: it would go on without what it needs.</summary>
    public static async Task RunOrStopAsync(this WebApplication app)
    {
        await using (app)
        {
            try
            {
                await app.StartAsync();
            }
            catch
            {
                await app.StopAsync();
                throw;
            }

            await app.WaitForShutdownAsync();
        }
    }

    /// <summary>Unknown or bad settings, an unreadable appsettings.json, an address in use, a folder that may not be written.</summary>
    public static bool IsExpected(Exception error) => error switch
    {
        AggregateException several => several.InnerExceptions.All(IsExpected),
        InvalidOperationException => IsBadValue(error),
        SocketException => true,
        _ => error is InvalidSettingException or OptionsValidationException or InvalidDataException or IOException or UnauthorizedAccessException,
    };

    public static int Print(Exception error)
    {
        Console.Error.WriteLine($"Cannot start: {Describe(error).ReplaceLineEndings(" ")}");
        return 1;
    }

    public static string Describe(Exception error) => error switch
    {
        AggregateException several => string.Join(" ", several.InnerExceptions.Select(Describe)),
        OptionsValidationException invalid => string.Join(" ", invalid.Failures.Select(failure => Describe(invalid.OptionsType, failure))),
        { InnerException: { } inner } when error is InvalidDataException or InvalidOperationException => $"{error.Message} {inner.Message}",
        _ => error.Message,
    };

    // "Threads: The field EngineOptions.Threads must be ..." names a class; the operator knows the setting Engine:Threads.
    static string Describe(Type options, string failure)
    {
        var section = (string)options.GetField("Section")!.GetRawConstantValue()!;
        var sentence = failure[(failure.IndexOf(": ", StringComparison.Ordinal) is var colon and >= 0 ? colon + 2 : 0)..];
        return sentence.Replace($"The field {options.Name}.", $"{section}:", StringComparison.Ordinal)
            .Replace($"The {options.Name}.", $"{section}:", StringComparison.Ordinal)
            .Replace(" field is required", " is required", StringComparison.Ordinal);
    }

    // These have no exception types of their own: "Failed to convert configuration value 'x' at 'Engine:Threads' ...", a log level that
    // does not exist, an https address without a certificate.
    static bool IsBadValue(Exception error) =>
        error.Source is "Microsoft.Extensions.Configuration.Binder" or "Microsoft.Extensions.Logging.Configuration" or "Microsoft.AspNetCore.Server.Kestrel.Core";
}
