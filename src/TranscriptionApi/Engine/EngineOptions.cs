using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace TranscriptionApi.Engine;

/// <summary>How the machine is shared between transcriptions.</summary>
/// <remarks>To add a setting: a property with its default and unit here, a rule attribute, a row in README's table.</remarks>
sealed class EngineOptions
{
    public const string Section = "Engine";

    /// <summary>Transcriptions at the same time; 0 takes one per four processors, at least 2.</summary>
    [Range(0, 256)]
    public int Concurrency { get; init; }

    /// <summary>Transcriptions that may wait for a place; the next one is answered 503 with Retry-After.</summary>
    [Range(0, 10_000)]
    public int MaxWaiting { get; init; } = 64;

    /// <summary>Worker threads of one model; 0 takes one per processor.</summary>
    [Range(0, 1024)]
    public int Threads { get; init; }

    // Two at the least: one long file must not block a short one.
    public int Places() => Concurrency > 0 ? Concurrency : Math.Max(2, Environment.ProcessorCount / 4);
}

[OptionsValidator]
sealed partial class EngineOptionsValidator : IValidateOptions<EngineOptions>;
