using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using SpeechEngine;
using SpeechEngine.Loading;

namespace TranscriptionApi.Engine;

/// <summary>How the machine is shared between transcriptions.</summary>
/// <remarks>To add a setting: a property with its default and unit here, a rule attribute, a row in README's table.</remarks>
sealed class EngineOptions : IValidatableObject
{
    public const string Section = "Engine";

    /// <summary>Transcriptions at the same time; 0 takes one per four processors, at least 2.</summary>
    [Range(0, 256)]
    public int Concurrency { get; init; }

    /// <summary>Jobs that may wait with somebody on the line; the next one is answered 503 with Retry-After.</summary>
    [Range(0, 10_000)]
    public int MaxWaiting { get; init; } = 64;

    /// <summary>Worker threads of one model; 0 takes one per processor.</summary>
    [Range(0, 1024)]
    public int Threads { get; init; }

    /// <summary>A Silero speech detection model in ggml form, relative to the working directory; without one the built-in detector is used.</summary>
    public string? SpeechModel { get; init; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!string.IsNullOrWhiteSpace(SpeechModel) && Fault(SpeechModel) is { } fault)
        {
            yield return new ValidationResult($"{Section}:{nameof(SpeechModel)} is '{SpeechModel}'; {fault}", [nameof(SpeechModel)]);
        }
    }

    static string? Fault(string speechModel)
    {
        if (!File.Exists(speechModel))
        {
            return "there is no such file.";
        }

        try
        {
            SpeechToText.CheckSpeechModel(speechModel);
            return null;
        }
        catch (InvalidModelException error)
        {
            return error.Message;
        }
    }

    /// <summary>What of this the engine itself needs.</summary>
    public EngineSettings Settings() => new() { Threads = Threads, SpeechModel = string.IsNullOrWhiteSpace(SpeechModel) ? null : Path.GetFullPath(SpeechModel) };

    // Two at the least: one long file must not block a short one.
    public int Places() => Concurrency > 0 ? Concurrency : Math.Max(2, Environment.ProcessorCount / 4);
}

[OptionsValidator]
sealed partial class EngineOptionsValidator : IValidateOptions<EngineOptions>;
