using SpeechEngine.Audio;

namespace SpeechEngine;

/// <summary>Turns recorded speech into timed text. The one seam of the engine: tests of a caller replace the model here.</summary>
public interface ISpeechToText
{
    /// <summary>True when the model knows several languages and can translate to English; false for English-only models.</summary>
    bool IsMultilingual { get; }

    /// <summary>
    /// Transcribes <paramref name="audio"/> window by window (30 s each); every element is one finished window, in order.
    /// The work happens on the calling thread while the caller enumerates, so results can be handed on as they come.
    /// </summary>
    /// <param name="audio">16 kHz mono samples; stays the caller's and must live until the enumeration ends.</param>
    /// <param name="options">Task, language, prompt and temperature.</param>
    /// <param name="from">
    /// Where to go on: <see cref="WindowTranscript.Next"/> of the last window of an earlier run with the same audio and options; null begins
    /// at the beginning. The windows are those that the earlier run would have given next; after its last one there are none.
    /// </param>
    /// <param name="cancellation">Looked at in every encoder layer and every decoder step.</param>
    /// <exception cref="ArgumentException">
    /// The options do not fit the model (an unknown language, translation on an English-only model), or <paramref name="from"/> belongs to
    /// other audio or options. Where only speech is listened to, the latter may show when the first window is asked for.
    /// </exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    IEnumerable<WindowTranscript> Transcribe(PcmAudio audio, TranscribeOptions options, ResumePoint? from, CancellationToken cancellation);
}
