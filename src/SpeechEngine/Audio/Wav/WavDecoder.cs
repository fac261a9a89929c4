namespace SpeechEngine.Audio.Wav;

/// <summary>Reads the samples of a WAV file block by block: bytes, then floats, then one channel, then 16 kHz.</summary>
static class WavDecoder
{
    // Samples of all channels together in one block: small enough that its four forms stay in the processor's cache.
    const int BlockSamples = 16 * 1024;

    /// <summary>Appends all whole frames of <paramref name="file"/> to <paramref name="pcm"/>.</summary>
    /// <exception cref="InvalidAudioException">It is longer than <paramref name="pcm"/> accepts; found before reading.</exception>
    public static void Decode(Stream file, WavHeader header, PcmBuilder pcm, CancellationToken cancellation)
    {
        pcm.Reserve(Resampler.OutputLength(header.FrameCount, header.SampleRate));

        var blockFrames = BlockSamples / header.Channels;
        var resampler = new Resampler(header.SampleRate);
        var bytes = new byte[blockFrames * header.FrameBytes];
        var interleaved = new float[blockFrames * header.Channels];
        var mono = new float[blockFrames];
        var resampled = new float[resampler.OutputCapacity(blockFrames)];

        file.Position = header.DataStart;
        for (var framesLeft = header.FrameCount; framesLeft > 0;)
        {
            cancellation.ThrowIfCancellationRequested();

            var wanted = (int)Math.Min(framesLeft, blockFrames) * header.FrameBytes;
            var frames = file.ReadAtLeast(bytes.AsSpan(0, wanted), wanted, throwOnEndOfStream: false) / header.FrameBytes;
            if (frames == 0)
            {
                break; // the file shrank since its length was taken
            }

            var samples = interleaved.AsSpan(0, frames * header.Channels);
            WavSamples.ToFloats(header.Coding, bytes.AsSpan(0, frames * header.FrameBytes), samples);
            WavSamples.ToMono(samples, header.Channels, mono.AsSpan(0, frames));
            pcm.Append(resampled.AsSpan(0, resampler.Process(mono.AsSpan(0, frames), resampled)));
            framesLeft -= frames;
        }

        pcm.Append(resampled.AsSpan(0, resampler.Finish(resampled)));
    }
}
