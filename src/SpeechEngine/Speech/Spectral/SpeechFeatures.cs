namespace SpeechEngine.Speech.Spectral;

/// <summary>
/// Values of frames → what the network is given: one row over time per feature. Levels become heights above a background that
/// follows any recording: of every band the quietest tenth of a second within two seconds on either side.
/// </summary>
static unsafe class SpeechFeatures
{
    /// <summary>Features of a frame: those of <see cref="SpectralFrames"/>, and the pitch's change.</summary>
    public const int Count = SpectralFrames.Values + 1;

    const int Values = SpectralFrames.Values;
    const int Levels = SpectralFrames.Bands + 1;

    // The background: the quietest blocks of 5 frames among 20 on either side.
    const int Block = 5;
    const int BlocksAround = 20;

    // What the quietest of many noisy means lies below the true one.
    const float QuietestBias = 3.2f;

    // So far below the loudest frame around nothing is heard; without it a clean recording's faintest rustle would stand above nothing at all.
    const float Range = 50f;

    // Heights in tens of decibels, no more than this.
    const float Highest = 5f;

    // A voice glides by less than a tenth of an octave in 20 ms; what jumps further jumps.
    const float MostChange = 0.1f;

    /// <summary>Floats of working room for <paramref name="frames"/> frames.</summary>
    public static int WorkFloats(int frames) => 2 * Blocks(frames) * (Levels + 1);

    /// <summary>Computes the features of all frames.</summary>
    /// <param name="values">[frames, 22] as <see cref="SpectralFrames"/> gives them.</param>
    /// <param name="work">Room for <see cref="WorkFloats"/>.</param>
    /// <param name="features">Rows of [23, frames].</param>
    /// <param name="stride">Floats from one row to the next.</param>
    public static void Compute(float* values, int frames, float* work, float* features, int stride)
    {
        var blocks = Blocks(frames);
        var floors = work + (blocks * (Levels + 1));
        FindFloors(values, frames, work, floors);
        for (var frame = 0; frame < frames; frame++)
        {
            var value = values + (frame * Values);
            var floor = floors + (Math.Min(frame / Block, blocks - 1) * Levels);
            for (var band = 0; band < Levels; band++)
            {
                features[(band * stride) + frame] = Math.Clamp(0.1f * (value[band] - floor[band]), -1f, Highest);
            }

            for (var i = Levels; i < Values; i++)
            {
                features[(i * stride) + frame] = value[i];
            }

            var change = frame == 0 ? 0f : MathF.Abs(value[SpectralFrames.Pitch] - value[SpectralFrames.Pitch - Values]);
            features[(Values * stride) + frame] = MathF.Min(change, MostChange) / MostChange;
        }
    }

    // What is left over belongs to the last block: a mean over fewer frames would be an unlikely one.
    static int Blocks(int frames) => Math.Max(frames / Block, 1);

    /// <summary>The background per block; in <paramref name="blockValues"/> every block's means and its loudest frame.</summary>
    static void FindFloors(float* values, int frames, float* blockValues, float* floors)
    {
        const int Loudest = Levels;
        var blocks = Blocks(frames);
        for (var block = 0; block < blocks; block++)
        {
            var own = blockValues + (block * (Levels + 1));
            new Span<float>(own, Levels).Clear();
            own[Loudest] = float.NegativeInfinity;
            var first = block * Block;
            var end = block + 1 < blocks ? first + Block : frames;
            for (var frame = first; frame < end; frame++)
            {
                for (var band = 0; band < Levels; band++)
                {
                    own[band] += values[(frame * Values) + band] / (end - first);
                }

                own[Loudest] = MathF.Max(own[Loudest], values[(frame * Values) + SpectralFrames.Whole]);
            }
        }

        for (var block = 0; block < blocks; block++)
        {
            var floor = floors + (block * Levels);
            var loudest = float.NegativeInfinity;
            new Span<float>(floor, Levels).Fill(float.PositiveInfinity);
            for (var other = Math.Max(block - BlocksAround, 0); other < Math.Min(block + BlocksAround + 1, blocks); other++)
            {
                var own = blockValues + (other * (Levels + 1));
                for (var band = 0; band < Levels; band++)
                {
                    floor[band] = MathF.Min(floor[band], own[band]);
                }

                loudest = MathF.Max(loudest, own[Loudest]);
            }

            for (var band = 0; band < Levels; band++)
            {
                floor[band] = MathF.Max(floor[band] + QuietestBias, loudest - Range);
            }
        }
    }
}
