using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using SpeechEngine;
using TranscriptionApi.Jobs.Intake;
using TranscriptionApi.Transcriptions;

namespace TranscriptionApi.Jobs;

/// <summary>
/// What is kept in the database as JSON. Numbers survive exactly, also those that JSON has no digits for, and what is null is written: a
/// property may be required and null.
/// </summary>
[JsonSourceGenerationOptions(
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(JobRequest))]
[JsonSerializable(typeof(JobError))]
[JsonSerializable(typeof(SavedWindow))]
[JsonSerializable(typeof(Transcript))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(WorkToDo))]
[JsonSerializable(typeof(AskedFor))]
sealed partial class JobJson : JsonSerializerContext
{
    public static JobJson Kept => Default;

    public static string Write<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.Serialize(value, type);

    public static byte[] WriteBytes<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(value, type);

    public static T Read<T>(string json, JsonTypeInfo<T> type) => Read(Encoding.UTF8.GetBytes(json), type);

    public static T Read<T>(byte[] json, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(json, type) ?? throw new InvalidDataException($"A stored {typeof(T).Name} is empty.");
}

/// <summary>A finished window of a job that still runs: where it goes on after a crash.</summary>
/// <param name="Channel">Channel of the recording, from 0; 0 when channels are mixed.</param>
/// <param name="Window">What the engine gave, with the point to go on from.</param>
sealed record SavedWindow(int Channel, WindowTranscript Window);

