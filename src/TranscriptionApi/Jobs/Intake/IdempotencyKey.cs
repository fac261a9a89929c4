using TranscriptionApi.Errors;

namespace TranscriptionApi.Jobs.Intake;

/// <summary>The header Idempotency-Key: a caller's own name for a request, so that sending it again is not asking again.</summary>
static class IdempotencyKey
{
    public const string Header = "Idempotency-Key";
    public const int Longest = 255;

    /// <summary>Null when there is none.</summary>
    public static string? Of(HttpRequest request) => request.Headers[Header] switch
    {
        [] => null,
        [{ Length: > 0 and <= Longest } key] when !key.AsSpan().ContainsAnyExceptInRange('!', '~') => key,
        _ => throw ApiErrors.InvalidIdempotencyKey(Longest),
    };
}
