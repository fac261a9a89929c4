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
/// property may be required and null. What an older version of this server did not write has the default of its property when it is read
/// (generated readers make it null or 0 instead), and what a newer one added is passed over.
/// </summary>
sealed class JobJson
{
    static readonly JsonSerializerOptions Options = new()
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter() },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
    };

    public static JobJson Kept { get; } = new();

    public JsonTypeInfo<JobRequest> JobRequest { get; } = Of<JobRequest>();

    public JsonTypeInfo<JobError> JobError { get; } = Of<JobError>();

    public JsonTypeInfo<SavedWindow> SavedWindow { get; } = Of<SavedWindow>();

    public JsonTypeInfo<Transcript> Transcript { get; } = Of<Transcript>();

    public JsonTypeInfo<IReadOnlyDictionary<string, string>> IReadOnlyDictionaryStringString { get; } = Of<IReadOnlyDictionary<string, string>>();

    public JsonTypeInfo<WorkToDo> WorkToDo { get; } = Of<WorkToDo>();

    public JsonTypeInfo<AskedFor> AskedFor { get; } = Of<AskedFor>();

    public static string Write<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.Serialize(value, type);

    public static byte[] WriteBytes<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(value, type);

    public static T Read<T>(string json, JsonTypeInfo<T> type) => Read(Encoding.UTF8.GetBytes(json), type);

    public static T Read<T>(byte[] json, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(json, type) ?? throw new InvalidDataException($"A stored {typeof(T).Name} is empty.");

    static JsonTypeInfo<T> Of<T>() => (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T));
}

/// <summary>A finished window of a job that still runs: where it goes on after a crash.</summary>
/// <param name="Channel">Channel of the recording, from 0; 0 when channels are mixed.</param>
/// <param name="Window">What the engine gave, with the point to go on from.</param>
sealed record SavedWindow(int Channel, WindowTranscript Window);
