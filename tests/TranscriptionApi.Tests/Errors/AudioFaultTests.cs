using SpeechEngine.Audio;

namespace TranscriptionApi.Tests.Errors;

/// <summary>Every fault of the decoder has its answer, also those that no file of the table of bad requests brings about.</summary>
public sealed class AudioFaultTests
{
    [Theory]
    [InlineData(AudioFault.Empty, "invalid_value")]
    [InlineData(AudioFault.Unrecognised, "unsupported_value")]
    [InlineData(AudioFault.Damaged, "invalid_value")]
    [InlineData(AudioFault.Unsupported, "unsupported_value")]
    [InlineData(AudioFault.TooShort, "invalid_value")]
    [InlineData(AudioFault.TooLong, "input_too_large")]
    [InlineData(AudioFault.DecoderMissing, "unsupported_value")]
    public async Task Audio_fault_is_a_bad_request(AudioFault fault, string code)
    {
        await using var api = new TestApi { Decode = (_, _) => throw new InvalidAudioException(fault, "That is wrong with it.") };
        using var client = await api.ReadyClientAsync();
        using var form = TestApi.Form();
        using var answer = await TestApi.PostAsync(client, form);

        Assert.Equal(400, (int)answer.StatusCode);
        var error = await TestApi.ErrorOfAsync(answer);
        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
        Assert.Equal("file", error.GetProperty("param").GetString());
        Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.Contains("That is wrong with it.", error.GetProperty("message").GetString());
        Assert.Equal(fault == AudioFault.DecoderMissing, api.Log.Any(line => line.StartsWith("Warning", StringComparison.Ordinal) && line.Contains("ffmpeg", StringComparison.Ordinal)));
        Assert.DoesNotContain(api.Log, line => line.StartsWith("Error", StringComparison.Ordinal));
    }
}
