using System.Text;
using SpeechEngine;

namespace TranscriptionApi.Commands;

/// <summary>What a verb meets outside: console, clock and engine. Tests put their own here.</summary>
sealed record CommandHost
{
    /// <summary>For the result and nothing else, so that it can be piped on.</summary>
    public required TextWriter Output { get; init; }

    /// <summary>For everything that is said about the work.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Someone reads <see cref="Output"/> as it comes.</summary>
    public bool OutputIsTerminal { get; init; }

    /// <summary>Someone reads <see cref="Error"/> as it comes.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>What the file name "-" stands for.</summary>
    public Func<Stream> Input { get; init; } = Console.OpenStandardInput;

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Loads a model's file.</summary>
    public Func<string, EngineSettings, ISpeechToText> Load { get; init; } = SpeechToText.Load;

    /// <summary>The process's own console. Results are UTF-8 wherever they go, without a mark at the start.</summary>
    public static CommandHost OfProcess() => new()
    {
        Output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true },
        Error = Console.Error,
        OutputIsTerminal = !Console.IsOutputRedirected,
        ErrorIsTerminal = !Console.IsErrorRedirected,
    };
}
