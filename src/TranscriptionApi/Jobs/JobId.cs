using System.Security.Cryptography;

namespace TranscriptionApi.Jobs;

/// <summary>Names of jobs: 128 random bits, so that nobody guesses another's.</summary>
static class JobId
{
    public const string Prefix = "transcription_";

    public static string New() => Prefix + Random();

    /// <summary>32 random hex digits.</summary>
    public static string Random() => RandomNumberGenerator.GetHexString(32, lowercase: true);
}
