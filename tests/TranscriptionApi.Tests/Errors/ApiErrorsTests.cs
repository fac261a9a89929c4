using System.Reflection;
using System.Text.Json;
using SpeechEngine.Audio;
using TranscriptionApi.Errors;

namespace TranscriptionApi.Tests.Errors;

/// <summary>Rules that hold for every message in <see cref="ApiErrors"/>, also for one added tomorrow.</summary>
public sealed class ApiErrorsTests
{
    public static IEnumerable<TheoryDataRow<string>> Methods =>
        typeof(ApiErrors).GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly).Select(method => new TheoryDataRow<string>(method.Name));

    [Theory]
    [MemberData(nameof(Methods))]
    public void Every_error_has_the_envelope_and_is_short(string method)
    {
        var error = Make(method);
        var body = JsonSerializer.SerializeToElement(error.ToBody(), ApiJson.Wire.ErrorBody).GetProperty("error");

        Assert.Equal(["message", "type", "param", "code"], body.EnumerateObject().Select(key => key.Name));
        Assert.InRange(body.GetProperty("message").GetString()!.Length, 10, 500);
        Assert.Equal(error.Status is 413 or >= 500 ? "server_error" : "invalid_request_error", error.Type);
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Client_is_told_when_to_retry_exactly_when_it_should(string method)
    {
        var error = Make(method);

        Assert.Equal(error.Status == 503, error.RetryAfter is not null);
        Assert.InRange(error.RetryAfter?.TotalSeconds ?? 1, 1, 60);
    }

    // Arguments as long and odd as a client can make them.
    static ApiException Make(string name)
    {
        var method = typeof(ApiErrors).GetMethod(name)!;
        var arguments = method.GetParameters().Select(parameter => parameter.ParameterType switch
        {
            var type when type == typeof(string) => (object)new string('"', 10_000)[..(parameter.Name is "detail" or "requestId" or "model" or "field" or "formatField" or "language" or "state" or "job" ? 20 : 10_000)],
            var type when type == typeof(int) => 418,
            var type when type == typeof(long) => long.MaxValue,
            var type when type == typeof(double) => -1.0 / 3,
            var type when type == typeof(TimeSpan) => TimeSpan.FromSeconds(7),
            var type when type == typeof(Exception) => new InvalidOperationException(),
            var type when type == typeof(InvalidAudioException) => new InvalidAudioException(AudioFault.Unrecognised, "Not a known audio format."),
            _ => new[] { "alpha", "beta" },
        }).ToArray();
        return (ApiException)method.Invoke(null, arguments)!;
    }
}
