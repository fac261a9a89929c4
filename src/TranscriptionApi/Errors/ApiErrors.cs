using System.Globalization;
using SpeechEngine.Audio;

namespace TranscriptionApi.Errors;

/// <summary>
/// Every message a client can be told, one method each, in OpenAI's words where OpenAI has them.
/// Statuses are chosen by who should retry: 4xx is never retried by the official clients, 500 and 503 are.
/// </summary>
static class ApiErrors
{
    const string InvalidRequest = "invalid_request_error";
    const string ServerError = "server_error";
    const int LongestEcho = 120;

    // The request as a whole.
    public static ApiException UnknownUrl(string method, string path) =>
        new(404, InvalidRequest, $"Invalid URL ({Shorten(method)} {Shorten(path)})");

    public static ApiException WrongMethod(string method, string path) =>
        new(405, InvalidRequest, $"Not allowed to {Shorten(method)} on {Shorten(path)}. (HINT: Perhaps you meant to use a different HTTP method?)");

    public static ApiException NotMultipart() => Invalid("The request body must be multipart/form-data.");

    public static ApiException NoBoundary() => Invalid("The Content-Type header has no usable multipart boundary.");

    public static ApiException MalformedMultipart(string detail, Exception? cause = null) =>
        new(400, InvalidRequest, $"The multipart body could not be read. {detail}", cause: cause);

    public static ApiException TooManyParts(int most) => Invalid($"The multipart body has more than {most} parts.");

    public static ApiException TooLarge(long limit, long read) =>
        new(413, ServerError, $"413: Maximum content size limit ({limit}) exceeded ({read} bytes read)");

    public static ApiException ByStatus(int status) =>
        new(status, status is 413 or >= 500 ? ServerError : InvalidRequest, $"The request could not be served (HTTP status {status}).");

    // Fields.
    public static ApiException MissingFile() => Invalid("Missing required parameter: 'file'.", "file", "missing_required_parameter");

    public static ApiException FileSentAsText(string field) =>
        Invalid($"Invalid type for '{field}': expected an uploaded file, but got text instead.", field, "invalid_type");

    public static ApiException TooManyFiles(int most) =>
        Invalid($"'file' was given more than {most} times.", "file", "array_above_max_length");

    public static ApiException FilesWithoutBackground() =>
        Invalid("'file' was given more than once: several files in one call need 'background' to be true.", "file", "invalid_value");

    public static ApiException RepeatedField(string field) =>
        Invalid($"'{field}' was given more than once.", field, "invalid_value");

    public static ApiException FieldTooLong(string field, int most) =>
        Invalid($"'{field}' is longer than {most} bytes.", field, "string_above_max_length");

    public static ApiException MissingModel() => Invalid("you must provide a model parameter", "model", "missing_required_parameter");

    public static ApiException UnknownModel(string name, IEnumerable<string> present) =>
        new(404, InvalidRequest, $"The model `{Shorten(name)}` does not exist or you do not have access to it. {Present(present)}", code: "model_not_found");

    public static ApiException UnknownModelId(string name) =>
        new(404, InvalidRequest, $"The model '{Shorten(name)}' does not exist", "model", "model_not_found");

    public static ApiException InvalidLanguage(string value, string field) =>
        Invalid($"Invalid language '{Shorten(value)}'. Language parameter must be specified in ISO-639-1 format.", field, "invalid_language_format");

    public static ApiException LanguageNotInModel(string language, string model) =>
        Invalid($"The model `{model}` does not know the language '{language}'.", "language", "unsupported_value");

    public static ApiException CandidatesNotInModel(IEnumerable<string> languages, string model) =>
        Invalid($"The model `{model}` does not know all of the languages {Quoted(languages)}.", "languages[]", "unsupported_value");

    public static ApiException CannotTranslate(string model) =>
        Invalid($"The model `{model}` knows only English and cannot translate.", "model", "unsupported_value");

    public static ApiException DiarizationNotSupported() =>
        Invalid("response_format 'diarized_json' is not supported by this server: it does not tell speakers apart.", "response_format", "unsupported_value");

    public static ApiException NotABoolean(string field, string value) => WrongType(field, "a boolean", value);

    public static ApiException NotAnInteger(string field, string value) => WrongType(field, "an integer", value);

    public static ApiException NotANumber(string field, string value) => WrongType(field, "a decimal number", value);

    public static ApiException IntegerTooHigh(string field, int most, string value) => TooHigh(field, "integer", most, value);

    public static ApiException IntegerTooLow(string field, int least, string value) => TooLow(field, "integer", least, value);

    public static ApiException DecimalTooHigh(string field, double most, string value) => TooHigh(field, "decimal", most, value);

    public static ApiException DecimalTooLow(string field, double least, string value) => TooLow(field, "decimal", least, value);

    public static ApiException TooManyValues(string field, int most) =>
        Invalid($"Invalid '{field}': array too long. Expected at most {most} values.", field, "array_above_max_length");

    public static ApiException ValueTooLong(string field, int most) =>
        Invalid($"Invalid '{field}': string too long. Expected values of at most {most} characters.", field, "string_above_max_length");

    public static ApiException LanguageNotAmongCandidates(string language) =>
        Invalid($"'language' is '{language}', which is not one of 'languages[]'. Give one of the two.", "language", "invalid_value");

    public static ApiException LanguageIsGiven(string field) =>
        Invalid($"'{field}' must not be true if 'language' is provided: there is nothing left to detect.", field, "invalid_value");

    public static ApiException UnknownGranularity(string value) =>
        Invalid($"Invalid value: '{Shorten(value)}'. Supported values are: 'segment' and 'word'.", "timestamp_granularities[]", "invalid_value");

    public static ApiException NeedsFormat(string field, string formatField, params string[] formats) =>
        Invalid($"'{formatField}' must be {string.Join(" or ", formats.Select(format => $"'{format}'"))} if '{field}' is provided.", field, "invalid_value");

    public static ApiException StreamNotSupported() =>
        Invalid("'stream' is not supported by this server: leave it out or set it to false.", "stream", "unsupported_value");

    public static ApiException IncludeNotSupported(string value) =>
        Invalid($"'include[]' value '{Shorten(value)}' is not supported by this server.", "include[]", "unsupported_value");

    public static ApiException UnknownChannels(string value) =>
        Invalid($"Invalid value: '{Shorten(value)}'. Supported values are: 'mix', 'separate'.", "channels", "invalid_value");

    public static ApiException MetadataNotAnObject() =>
        Invalid("Invalid type for 'metadata': expected a JSON object whose values are strings.", "metadata", "invalid_type");

    public static ApiException TooMuchMetadata(int most) =>
        Invalid($"Invalid 'metadata': too many properties. Expected an object with at most {most} properties.", "metadata", "object_above_max_properties");

    public static ApiException MetadataKeyTooLong(int most) =>
        Invalid($"Invalid 'metadata': key too long. Expected keys of 1 to {most} characters.", "metadata", "string_above_max_length");

    public static ApiException UnknownValue(string field, string value, IEnumerable<string> supported) =>
        Invalid($"Invalid value: '{Shorten(value)}'. Supported values are: {Quoted(supported)}.", field, "invalid_value");

    public static ApiException NeedsStream(string field) => Invalid($"'stream' must be true if '{field}' is provided.", field, "invalid_value");

    // Jobs. A job of another key is told like one that never was.
    public static ApiException InvalidIdempotencyKey(int most) =>
        Invalid($"The header 'Idempotency-Key' must be given once, with 1 to {most} visible ASCII characters.", "Idempotency-Key", "invalid_value");

    /// <summary>Not 409, which the official clients would send again.</summary>
    public static ApiException IdempotencyKeyReused() => new(
        422, InvalidRequest, "This 'Idempotency-Key' was used before, for another request. Every request needs a key of its own.", "Idempotency-Key", "idempotency_key_reused");

    public static ApiException NoSuchTranscription(string id, string param = "id") => new(404, InvalidRequest, $"No such transcription: '{Shorten(id)}'", param);

    public static ApiException NotCompleted(string state) =>
        Invalid($"The transcription is not completed: it is '{state}'. Ask again when it is.", code: "transcription_not_completed");

    public static ApiException Cancelled() => Invalid("The transcription was cancelled.", code: "transcription_cancelled");

    public static ApiException Expired() => Invalid("The transcription expired: it waited too long for its turn.", code: "transcription_expired");

    public static ApiException Failed(string message, string? code) => Invalid($"The transcription failed. {Shorten(message)}", code: code ?? "transcription_failed");

    public static ApiException NoWordTimes(string field) => Invalid(
        $"'{field}' needs the times of the words, which this transcription does not have: they must be asked for when the audio is sent.", field, "unsupported_value");

    // URLs that clients give. Nothing here tells a name that does not exist from a port that is closed.
    public static ApiException InvalidUrl(string field, string detail) => Invalid($"'{field}' {detail}", field, "invalid_value");

    public static ApiException AudioUrlOff() =>
        Invalid("'audio_url' is not taken by this server (setting AudioUrls:Enabled): upload the audio as 'file'.", "audio_url", "unsupported_value");

    public static ApiException FileAndAudioUrl() => Invalid("'audio_url' must not be given together with 'file'.", "audio_url", "invalid_value");

    public static ApiException AudioUrlRefused() =>
        Invalid("'audio_url' leads to an address that is not allowed (settings Outbound:AllowPrivateAddresses and Outbound:AllowedNetworks).", "audio_url", "invalid_value");

    public static ApiException AudioUrlAnswered(int status) => Invalid($"'audio_url' could not be fetched: the answer was HTTP status {status}.", "audio_url", "invalid_value");

    public static ApiException AudioUrlRedirects(int most) => Invalid($"'audio_url' redirects more than {most} times.", "audio_url", "invalid_value");

    public static ApiException AudioUrlMisdirected() => Invalid("'audio_url' redirects to where nothing is fetched from.", "audio_url", "invalid_value");

    public static ApiException AudioUrlTooSlow(int seconds) => Invalid($"'audio_url' could not be fetched within {seconds} s.", "audio_url", "invalid_value");

    public static ApiException AudioUrlBroken() => Invalid("'audio_url' could not be fetched: the connection failed.", "audio_url", "invalid_value");

    public static ApiException WebhooksOff() =>
        Invalid("'webhook_url' is not taken by this server: it has no secret to sign with (setting Webhooks:Secret).", "webhook_url", "unsupported_value");

    public static ApiException WebhookWithoutBackground() => Invalid("'background' must be true if 'webhook_url' is provided.", "webhook_url", "invalid_value");

    /// <summary>
    /// Bad audio never becomes good by sending it again, so every fault is a 400; also the missing ffmpeg program:
    /// to the client, this server simply does not take that format (501 would be retried by the Python and Node clients).
    /// </summary>
    public static ApiException BadAudio(InvalidAudioException error) => error.Fault switch
    {
        AudioFault.Unrecognised or AudioFault.Unsupported or AudioFault.DecoderMissing => Invalid(error.Message, "file", "unsupported_value"),
        AudioFault.TooLong => Invalid(error.Message, "file", "input_too_large"),
        _ => Invalid(error.Message, "file", "invalid_value"),
    };

    // Keys.
    public static ApiException MissingKey() =>
        new(401, InvalidRequest, "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).");

    public static ApiException WrongKey(string key) =>
        new(401, InvalidRequest, $"Incorrect API key provided: {Mask(key)}.", code: "invalid_api_key");

    // The server.
    public static ApiException Overloaded(TimeSpan retryAfter) =>
        new(503, ServerError, "The server is busy and its waiting line is full. Please try again later.", code: "server_overloaded") { RetryAfter = retryAfter };

    public static ApiException ShuttingDown() =>
        new(503, ServerError, "The server is shutting down. Please try again later.") { RetryAfter = TimeSpan.FromSeconds(5) };

    public static ApiException StorageFailed(Exception cause) =>
        new(503, ServerError, "The server could not store the upload. Please try again later.", cause: cause) { RetryAfter = TimeSpan.FromSeconds(30) };

    public static ApiException NoSpace() =>
        new(503, ServerError, "The server has no room for more audio at the moment. Please try again later.", code: "server_overloaded") { RetryAfter = TimeSpan.FromSeconds(30) };

    public static ApiException AudioLost(string job) =>
        new(500, ServerError, $"The server no longer has the audio as it was sent. Its log says more under {Shorten(job)}; please send it again.", code: "audio_lost");

    public static ApiException WorkerDied(int times) =>
        new(500, ServerError, $"The transcription was given up: the server's workers died over it {times} times.", code: "worker_died");

    public static ApiException JobsAway() =>
        new(503, ServerError, "The server cannot reach its job database at the moment. Please try again later.") { RetryAfter = TimeSpan.FromSeconds(5) };

    public static ApiException ModelFailed(string model) =>
        new(500, ServerError, $"The model `{model}` could not be loaded; the server's log says why.", code: "model_load_failed");

    public static ApiException JobFailed(string job) =>
        new(500, ServerError, $"The server had an error while transcribing. Its log says more under {Shorten(job)}.", code: "internal");

    public static ApiException Unexpected(string requestId) =>
        new(500, ServerError, $"The server had an error while processing your request. Its log says more under the request id {requestId}.");

    static ApiException WrongType(string field, string type, string value) =>
        Invalid($"Invalid type for '{field}': expected {type}, but got '{Shorten(value)}' instead.", field, "invalid_type");

    static ApiException TooHigh(string field, string kind, double most, string value) => Invalid(
        string.Create(CultureInfo.InvariantCulture, $"Invalid '{field}': {kind} above maximum value. Expected a value <= {most}, but got {Shorten(value)} instead."),
        field,
        $"{kind}_above_max_value");

    static ApiException TooLow(string field, string kind, double least, string value) => Invalid(
        string.Create(CultureInfo.InvariantCulture, $"Invalid '{field}': {kind} below minimum value. Expected a value >= {least}, but got {Shorten(value)} instead."),
        field,
        $"{kind}_below_min_value");

    static ApiException Invalid(string message, string? param = null, string? code = null) => new(400, InvalidRequest, message, param, code);

    static string Present(IEnumerable<string> names) =>
        string.Join(", ", names.Select(name => $"`{name}`")) is { Length: > 0 } list ? $"Available models: {list}." : "No model is installed on this server.";

    static string Quoted(IEnumerable<string> values) => string.Join(", ", values.Select(value => $"'{value}'"));

    static string Shorten(string text) => text.Length <= LongestEcho ? text : string.Concat(text.AsSpan(0, LongestEcho), "...");

    // A short key shows nothing of itself.
    static string Mask(string key) => key.Length < 16 ? "****" : $"{key[..3]}****{key[^4..]}";
}
