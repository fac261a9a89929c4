namespace SpeechEngine.Audio;

/// <summary>Every way an audio file can be wrong, in words fit for the person who sent it.</summary>
static class AudioErrors
{
    public static InvalidAudioException Empty() =>
        new(AudioFault.Empty, "The audio file is empty.");

    // Word for word what OpenAI's service answers: clients look for it.
    public static InvalidAudioException Unrecognised() =>
        new(AudioFault.Unrecognised, "Invalid file format. Supported formats: ['flac', 'm4a', 'mp3', 'mp4', 'mpeg', 'mpga', 'oga', 'ogg', 'wav', 'webm']");

    public static InvalidAudioException TooShort() =>
        new(AudioFault.TooShort, "Audio file is too short. Minimum audio length is 0.1 seconds.");

    public static InvalidAudioException TooLong(int maxSamples, int channels) =>
        new(
            AudioFault.TooLong,
            $"Audio file is too long. Maximum audio length is {(double)maxSamples / PcmAudio.SampleRate:0.###} seconds"
                + (channels == 1 ? "." : $" for a file whose {channels} channels are transcribed one by one."));

    public static InvalidAudioException TooManyChannels(uint channels, int most) =>
        new(AudioFault.Unsupported, $"The audio file has {channels} channels, the limit is {most}.");

    public static InvalidAudioException Damaged(Exception? inner = null) =>
        new(AudioFault.Damaged, "Audio file might be corrupted or unsupported", inner);

    public static InvalidAudioException TookTooLong(TimeSpan limit) =>
        new(AudioFault.Damaged, $"The audio could not be decoded within {limit.TotalSeconds:0.#} s; the file might be corrupted.");

    public static InvalidAudioException DamagedWav(string what) =>
        new(AudioFault.Damaged, $"The WAV file is damaged: {what}.");

    public static InvalidAudioException UnsupportedWav(string what) =>
        new(AudioFault.Unsupported, $"The WAV file cannot be used: {what}.");

    public static InvalidAudioException FfmpegMissing(string program, Exception? inner = null) =>
        new(
            AudioFault.DecoderMissing,
            $"This audio format needs the ffmpeg program ('{program}'), which the server cannot find or start. Uncompressed WAV works without it. "
                + "To install it: apt-get install ffmpeg, dnf install ffmpeg, apk add ffmpeg or brew install ffmpeg.",
            inner);
}
