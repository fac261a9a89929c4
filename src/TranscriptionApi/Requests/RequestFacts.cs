using System.Security.Cryptography;
using Microsoft.AspNetCore.Http.Features;

namespace TranscriptionApi.Requests;

/// <summary>What the log line of one request says: gathered while it is served, never its content.</summary>
sealed class RequestFacts
{
    public string Id { get; } = "req_" + RandomNumberGenerator.GetHexString(32, lowercase: true);

    /// <summary>The job that the request asked for or about; told in the answer's headers.</summary>
    public string? Transcription { get; set; }

    /// <summary>Catalog id of the model, never the client's own words.</summary>
    public string? Model { get; set; }

    public TimeSpan Audio { get; set; }

    /// <summary>Time spent on decoding and speech recognition, waiting not included.</summary>
    public TimeSpan Work { get; set; }

    public static RequestFacts Of(HttpContext http) => http.Features.GetRequiredFeature<RequestFacts>();
}
