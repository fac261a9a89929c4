using SpeechEngine.Audio;
using SpeechEngine.Loading;
using TranscriptionApi.Settings;

namespace TranscriptionApi.Commands;

/// <summary>How a verb ends; README.md lists the numbers.</summary>
enum ExitCode
{
    Done = 0,

    /// <summary>An option is wrong, or a file is missing or may not be read.</summary>
    NoInput = 1,

    /// <summary>The audio or the model cannot be used.</summary>
    Undecodable = 2,

    /// <summary>A result cannot be written.</summary>
    Unwritable = 3,

    /// <summary>Ctrl-C.</summary>
    Interrupted = 130,
}

/// <summary>Why a file, or all of them, cannot be worked on; the message is one sentence for the person at the terminal.</summary>
sealed class CommandFailure(ExitCode code, string message, Exception? inner = null) : Exception(message, inner)
{
    public ExitCode Code { get; } = code;

    /// <summary>The failure behind any error of reading, decoding or recognising. What nobody foresaw keeps its stack trace.</summary>
    public static CommandFailure From(Exception error) => error switch
    {
        CommandFailure failure => failure,
        InvalidAudioException or InvalidModelException => new CommandFailure(ExitCode.Undecodable, error.Message, error),
        _ when StartError.IsExpected(error) => new CommandFailure(ExitCode.NoInput, StartError.Describe(error).ReplaceLineEndings(" "), error),
        _ => new CommandFailure(ExitCode.Undecodable, $"internal error: {error}", error),
    };
}
