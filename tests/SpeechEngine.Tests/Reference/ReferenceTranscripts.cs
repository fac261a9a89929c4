using System.Text.Json;
using System.Text.Json.Serialization;

namespace SpeechEngine.Tests.Reference;

/// <summary>What whisper.cpp heard in one clip. Times in units of 10 ms.</summary>
sealed record ReferenceClip(
    [property: JsonPropertyName("clip")] string Clip,
    [property: JsonPropertyName("language")] string Language,
    [property: JsonPropertyName("detected")] string? Detected,
    [property: JsonPropertyName("p_en")] double English,
    [property: JsonPropertyName("p_es")] double Spanish,
    [property: JsonPropertyName("segments")] ReferenceSegment[] Segments)
{
    public string Text => string.Concat(Segments.Select(segment => segment.Text));
}

sealed record ReferenceSegment(
    [property: JsonPropertyName("t0")] int Start,
    [property: JsonPropertyName("t1")] int End,
    [property: JsonPropertyName("text")] string Text,
    [property: JsonPropertyName("tokens")] ReferenceToken[] Tokens);

sealed record ReferenceToken(
    [property: JsonPropertyName("id")] int Id,
    [property: JsonPropertyName("plog")] double LogProbability,
    [property: JsonPropertyName("t_dtw")] int Dtw = -1);

/// <summary>What was really said in one clip.</summary>
sealed record TrueClip(
    [property: JsonPropertyName("clip")] string Clip,
    [property: JsonPropertyName("language")] string Language,
    [property: JsonPropertyName("text")] string Text,
    [property: JsonPropertyName("english")] string English,
    [property: JsonPropertyName("noise")] string? Noise,
    [property: JsonPropertyName("words")] TrueWord[]? Words = null);

/// <summary>One word as the synthesiser spoke it; its start in seconds.</summary>
sealed record TrueWord([property: JsonPropertyName("word")] string Text, [property: JsonPropertyName("start")] double Start);

static class ReferenceTranscripts
{
    /// <summary>whisper.cpp's output of one run over all clips.</summary>
    public static ReferenceClip[] Run(string name) => Read<ReferenceClip[]>(TestFiles.Data("reference", name + ".json"));

    /// <summary>The true texts by clip name.</summary>
    public static Dictionary<string, TrueClip> Truth() =>
        Read<TrueClip[]>(TestFiles.Data("clips", "truth.json")).ToDictionary(clip => clip.Clip);

    static T Read<T>(string path)
    {
        using var file = File.OpenRead(path);
        return JsonSerializer.Deserialize<T>(file)!;
    }
}
