namespace TranscriptionApi.Errors;

/// <summary>A refusal or failure in the words the client is told; made by <see cref="ApiErrors"/> only.</summary>
sealed class ApiException(int status, string type, string message, string? param = null, string? code = null, Exception? cause = null)
    : Exception(message, cause)
{
    public int Status { get; } = status;

    /// <summary>OpenAI's error type: invalid_request_error or server_error.</summary>
    public string Type { get; } = type;

    /// <summary>The form field at fault, when it is one.</summary>
    public string? Param { get; } = param;

    public string? Code { get; } = code;

    /// <summary>When asking again makes sense; always set on 503, because some clients retry at once without it.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public ErrorBody ToBody() => new(new ErrorDetail(Message, Type, Param, Code));
}

/// <summary>OpenAI's error envelope.</summary>
sealed record ErrorBody(ErrorDetail Error);

/// <summary>All four keys are always present.</summary>
sealed record ErrorDetail(string Message, string Type, string? Param, string? Code);
