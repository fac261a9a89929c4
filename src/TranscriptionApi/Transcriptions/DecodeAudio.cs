using SpeechEngine.Audio;

namespace TranscriptionApi.Transcriptions;

/// <summary>Turns an audio file into samples; tests without an audio decoder put their own here.</summary>
delegate PcmAudio DecodeAudio(string path, CancellationToken cancellation);

/// <summary>Turns an audio file into the samples of each of its channels.</summary>
delegate MultichannelAudio DecodeChannels(string path, CancellationToken cancellation);
