using SpeechEngine;

namespace TranscriptionApi.Transcriptions.Formats;

/// <summary>OpenAI's "usage" of a model that is billed by time: whole seconds, rounded up. Translations carry none.</summary>
sealed record Usage(string Type, int Seconds)
{
    public static Usage? Of(Transcript transcript) => Of(transcript.Task, transcript.Duration);

    public static Usage? Of(SpeechTask task, TimeSpan duration) => task == SpeechTask.Translate ? null : new Usage("duration", (int)Math.Ceiling(duration.TotalSeconds));
}
