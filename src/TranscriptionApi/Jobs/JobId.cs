using System.Buffers;
using System.Security.Cryptography;

namespace TranscriptionApi.Jobs;

/// <summary>Names of jobs: 128 random bits, so that nobody guesses another's.</summary>
static class JobId
{
    public const string Prefix = "transcription_";
    const string BatchPrefix = "batch_";
    const int Digits = 32;

    static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    public static string New() => Prefix + Random();

    /// <summary>Name of jobs that came in one call.</summary>
    public static string NewBatch() => BatchPrefix + Random();

    /// <summary>It may be the id of a job; anything else need not be looked for.</summary>
    public static bool IsPossible(string text) =>
        text.Length == Prefix.Length + Digits && text.StartsWith(Prefix, StringComparison.Ordinal) && !text.AsSpan(Prefix.Length).ContainsAnyExcept(HexDigits);

    /// <summary>32 random hex digits.</summary>
    public static string Random() => RandomNumberGenerator.GetHexString(Digits, lowercase: true);
}
