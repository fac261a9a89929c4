namespace SpeechEngine.Audio.Wav;

/// <summary>Reads the samples of a WAV file block by block: bytes, then floats, then single channels, then 16 kHz.</summary>
static class WavDecoder
{
    // Samples of all channels together in one block: small enough that its four forms stay in the processor's cache.
    const int BlockSamples = 16 * 1024;

    /// <summary>
    /// Appends all whole frames of <paramref name="file"/>: the mean of the channels to a single output, or every channel to its own.
    /// </summary>
    /// <param name="file">The file; its position is moved.</param>
    /// <param name="header">What it says about itself.</param>
    /// <param name="outputs">One, or as many as there are channels.</param>
    /// <param name="cancellation">Looked at before every block.</param>
    /// <exception cref="InvalidAudioException">It is longer than an output accepts; found before reading.</exception>
    public static void Decode(Stream file, WavHeader header, IReadOnlyList<PcmBuilder> outputs, CancellationToken cancellation)
    {
        foreach (var output in outputs)
        {
            output.Reserve(Resampler.OutputLength(header.FrameCount, header.SampleRate));
        }

        var blockFrames = BlockSamples / header.Channels;
        var resampler = new Resampler(header.SampleRate);
        Resampler[] resamplers = [resampler, .. outputs.Skip(1).Select(_ => resampler.Another())];
        var bytes = new byte[blockFrames * header.FrameBytes];
        var interleaved = new float[blockFrames * header.Channels];
        var mono = new float[blockFrames]; // of one channel, or of their mean
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
            for (var i = 0; i < resamplers.Length; i++)
            {
                var channel = mono.AsSpan(0, frames);
                if (outputs.Count == 1)
                {
                    WavSamples.ToMono(samples, header.Channels, channel);
                }
                else
                {
                    WavSamples.ToChannel(samples, i, header.Channels, channel);
                }

                outputs[i].Append(resampled.AsSpan(0, resamplers[i].Process(channel, resampled)));
            }

            framesLeft -= frames;
        }

        for (var i = 0; i < resamplers.Length; i++)
        {
            outputs[i].Append(resampled.AsSpan(0, resamplers[i].Finish(resampled)));
        }
    }
}
