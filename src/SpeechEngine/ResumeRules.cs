using SpeechEngine.Audio;
using SpeechEngine.Decoding;
using SpeechEngine.Model;

namespace SpeechEngine;

/// <summary>
/// What a resume point must be for a model, options and audio. Its place can be checked before any work only where the recording is one
/// passage; passages of speech are known when the speech detector has gone through the recording.
/// </summary>
static class ResumeRules
{
    /// <summary>Checks all that can be told before any work.</summary>
    /// <exception cref="ArgumentException">The point is none of a transcription of this audio with these options and this model.</exception>
    public static void Check(ResumePoint from, PcmAudio audio, TranscribeOptions options, Vocabulary vocabulary)
    {
        CheckLanguage(from.Language, options, vocabulary);
        Require(from.Context.Count <= TextContext.Longest, $"its context of {from.Context.Count} tokens is longer than {TextContext.Longest}");
        Require(from.Context.All(token => token >= 0 && token < vocabulary.Size), "its context holds a token that the model does not have");
        if (options.SpeechDetection is null)
        {
            CheckPassage(from, 1);
            CheckPlace(from, new Passage(audio));
        }
        else
        {
            CheckPassage(from, int.MaxValue);
            Require(from.Seek is >= 0 and <= ModelDimensions.WindowFrames, $"its seek {from.Seek} lies outside a passage of speech");
            Require(from.Position >= TimeSpan.Zero && from.Position <= audio.Duration, $"its position {from.Position} lies outside the audio");
        }
    }

    /// <summary>Checks that there is such a passage.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static void CheckPassage(ResumePoint from, int passages) =>
        Require(from.Passage >= 0 && from.Passage < passages, $"the audio has no passage {from.Passage}");

    /// <summary>Checks the place within its passage.</summary>
    /// <exception cref="ArgumentException">It lies outside, or elsewhere in the recording than it says.</exception>
    public static void CheckPlace(ResumePoint from, Passage passage)
    {
        Require(from.Seek >= 0 && from.Seek <= passage.Frames, $"its seek {from.Seek} lies outside the {passage.Frames} frames of its passage");
        Require(from.Position == passage.End(from.Seek), $"passage {from.Passage} is at {passage.End(from.Seek)} by then, not at {from.Position}");
    }

    static void CheckLanguage(string? language, TranscribeOptions options, Vocabulary vocabulary)
    {
        if (language is not null)
        {
            OptionRules.CheckLanguage(language, vocabulary);
        }

        var isPossible = options switch
        {
            { Language: { } given } => language is not null && IsSame(language, given),
            { LanguagePerWindow: true } => language is null,
            { CandidateLanguages: { Count: > 0 } candidates } => language is null || candidates.Any(candidate => IsSame(language, candidate)),
            _ => true,
        };
        Require(isPossible, $"its language '{language}' is none that the options lead to");
    }

    static bool IsSame(string language, string other) => Languages.IndexOf(language) == Languages.IndexOf(other);

    static void Require(bool isMet, string otherwise)
    {
        if (!isMet)
        {
            throw new ArgumentException($"The work cannot be resumed there: {otherwise}.");
        }
    }
}
