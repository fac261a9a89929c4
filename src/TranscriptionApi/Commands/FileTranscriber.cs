using SpeechEngine;
using TranscriptionApi.Transcriptions;

namespace TranscriptionApi.Commands;

/// <summary>Turns one file into a transcript, on the calling thread.</summary>
sealed class FileTranscriber(ISpeechToText engine, DecodeAudio decode, TranscribeOptions options, TimeProvider clock)
{
    /// <param name="path">The file; its content decides the format.</param>
    /// <param name="finished">Told each window as soon as it is there, with the length of the audio.</param>
    /// <param name="cancellation">Stops within a layer of the encoder or a step of the decoder.</param>
    public Transcript Transcribe(string path, Action<WindowTranscript, TimeSpan> finished, CancellationToken cancellation)
    {
        var started = clock.GetTimestamp();
        using var pcm = decode(path, cancellation);
        var windows = new List<WindowTranscript>();
        foreach (var window in engine.Transcribe(pcm, options, null, cancellation))
        {
            windows.Add(window);
            finished(window, pcm.Duration);
        }

        return Transcript.Of(options, windows, pcm.Duration, clock.GetElapsedTime(started));
    }
}
